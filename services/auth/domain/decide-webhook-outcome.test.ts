import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsMax, decideWebhookOutcome, type WebhookAnswer } from './decide-webhook-outcome.ts';

const status = (code: number, retryAfterSeconds?: number): WebhookAnswer => ({
  kind: 'status',
  status: code,
  retryAfterSeconds,
});
const decide = (answer: WebhookAnswer, attempts = 1, failingSeconds = 0, chance = 0.5) =>
  decideWebhookOutcome({ answer, attempts, failingSeconds }, chance);

test('2xx delivers, and nothing else does', () => {
  for (const code of [200, 202, 204, 299]) assert.deepEqual(decide(status(code)), { kind: 'delivered' });
  for (const code of [199, 300, 301, 304, 307, 400, 404, 429, 500, 503]) {
    assert.equal(decide(status(code)).kind, 'retry', String(code));
  }
});

test('waits grow threefold from five seconds to six hours, and the last of twelve attempts is the end', () => {
  const waits = Array.from({ length: attemptsMax }, (_, i) => {
    const outcome = decide({ kind: 'none', failure: 'timeout' }, i + 1);
    assert.ok(outcome.kind !== 'delivered');
    return [outcome.kind, outcome.afterSeconds];
  });
  assert.deepEqual(waits.slice(0, 4), [
    ['retry', 5],
    ['retry', 15],
    ['retry', 45],
    ['retry', 135],
  ]);
  assert.deepEqual(waits.slice(-3), [
    ['retry', 21_600],
    ['retry', 21_600],
    ['dead', 21_600],
  ]);
  const seconds = waits.slice(0, -1).reduce((sum, [, wait]) => sum + Number(wait), 0);
  assert.ok(seconds > 20 * 3600 && seconds < 25 * 3600, `${seconds} s in all`);
});

test('chance spreads the wait by a quarter either way', () => {
  const wait = (chance: number) => {
    const outcome = decide(status(500), 2, 0, chance);
    return outcome.kind === 'delivered' ? 0 : outcome.afterSeconds;
  };
  assert.deepEqual([wait(0), wait(0.5), wait(1)], [11.25, 15, 18.75]);
});

test('Retry-After is heeded, for an hour at most', () => {
  const wait = (seconds: number) => {
    const outcome = decide(status(429, seconds));
    return outcome.kind === 'delivered' ? 0 : outcome.afterSeconds;
  };
  assert.deepEqual([wait(1), wait(100), wait(1_000_000)], [5, 100, 3600]);
});

test('410 disables at once, and so do three days of nothing but failures', () => {
  const disabled = (answer: WebhookAnswer, failingSeconds: number) => {
    const outcome = decide(answer, 1, failingSeconds);
    return outcome.kind === 'delivered' ? undefined : outcome.disable;
  };
  assert.equal(disabled(status(410), 0), 'gone');
  assert.equal(disabled(status(500), 3 * 86_400), undefined);
  assert.equal(disabled(status(500), 3 * 86_400 + 1), 'failing');
});

test('an event that is not there any more is given up at once', () => {
  assert.equal(decide({ kind: 'none', failure: 'event_gone' }).kind, 'dead');
});
