import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimitHeaders } from './rate-limit-headers.ts';

const perIp = { name: 'login-ip', count: 20, periodSeconds: 60 };
const perAccount = { name: 'login-account', count: 5, periodSeconds: 300 };

test('no limit, no headers', () => {
  assert.deepEqual(rateLimitHeaders([]), {});
});

test('each limit stands in both headers, in the given order', () => {
  assert.deepEqual(
    rateLimitHeaders([
      { limit: perIp, state: { limited: false, remaining: 19, resetSeconds: 3 } },
      { limit: perAccount, state: { limited: false, remaining: 5, resetSeconds: 0 } },
    ]),
    {
      ratelimit: '"login-ip";r=19;t=3, "login-account";r=5;t=0',
      'ratelimit-policy': '"login-ip";q=20;w=60, "login-account";q=5;w=300',
    },
  );
});

test('a refused attempt is told to come back no sooner than any t, and never at once', () => {
  const limited = { limited: true, remaining: 0, resetSeconds: 3 };
  const free = { limited: false, remaining: 1, resetSeconds: 60 };
  for (const [states, expected] of [
    [[{ limit: perIp, state: limited }], '3'],
    [
      [
        { limit: perIp, state: limited },
        { limit: perAccount, state: free },
      ],
      '60',
    ],
    [[{ limit: perIp, state: { ...limited, resetSeconds: 0 } }], '1'],
  ] as const) {
    assert.equal(rateLimitHeaders(states)['retry-after'], expected);
  }
});
