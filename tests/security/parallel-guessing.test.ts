// Guessing over two auth processes that share their limits in a real Redis, everything at once: what is evaluated
// stays within the limits, and whoever is guessed at is not kept out elsewhere.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { Answer } from '../proofs/http-client.ts';
import { readMetrics } from '../proofs/read-metrics.ts';
import { type System, startSystem, userPassword } from '../proofs/start-system.ts';
import { attemptLogin, believeProxies, networkAddress } from './login-attempt.ts';

// No attempt comes back while a test runs.
const limits = { RATE_LIMIT_LOGIN_PER_ACCOUNT: '10/86400', LOGIN_FAILURES_MAX: '20' };
const perIp = 30;
const processes = 2;
// As many as may be under way when the last one that is allowed is counted, over all processes.
const permits = processes * availableParallelism();

let system: System;
const start = (rateLimitPerIp: string) => async () => {
  const env = { ...believeProxies, ...limits, RATE_LIMIT_LOGIN_PER_IP: rateLimitPerIp };
  system = await startSystem({ auths: processes, gateways: 0, workers: 0, redis: true, env });
};
const stop = () => system.close();

let sent = 0;
/** In turn to each process. */
function login(email: string, password: string, ip: string): Promise<Answer> {
  sent += 1;
  return attemptLogin(system.auths[sent % processes]!.target, { email, password, ip });
}

const countOf = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

async function countEvaluated(): Promise<number> {
  const counts = await Promise.all(
    system.auths.map(({ metricsUrl }) => readMetrics(metricsUrl, ['pi_auth_logins_total{outcome="failed"}'])),
  );
  return counts.reduce((sum, [count]) => sum + count, 0);
}

describe('200 guesses at one account at once', () => {
  before(start('off'));
  after(stop);

  test('from one network: no more are evaluated than the limit and the permits to hash, and the owner signs in elsewhere', async () => {
    const { email } = await system.register();
    const before = await countEvaluated();
    const guesses = Array.from({ length: 200 }, (_, i) => login(email, `guess ${i}`, '192.0.2.1'));
    const answers = await Promise.all(guesses);
    const evaluated = countOf(answers, 401);
    assert.ok(evaluated >= 10 && evaluated < 10 + permits, `${evaluated} evaluated`);
    assert.equal((await countEvaluated()) - before, evaluated);
    assert.equal(countOf(answers, 429) + countOf(answers, 503), 200 - evaluated);
    assert.equal((await login(email, userPassword, '192.0.2.1')).status, 429);
    assert.equal((await login(email, userPassword, '192.0.2.2')).status, 200);
  });

  test('each from a network of its own: the row of failures ends them all, but not the owner where he is known', async () => {
    const { email } = await system.register();
    assert.equal((await login(email, userPassword, '198.51.100.1')).status, 200);
    const guesses = Array.from({ length: 200 }, (_, i) => login(email, `guess ${i}`, networkAddress(i)));
    const answers = await Promise.all(guesses);
    const evaluated = countOf(answers, 401);
    assert.ok(evaluated >= 20 && evaluated < 20 + permits, `${evaluated} evaluated`);
    assert.equal(countOf(answers, 429) + countOf(answers, 503), 200 - evaluated);
    assert.equal((await login(email, userPassword, '198.51.100.2')).status, 429);
    assert.equal((await login(email, userPassword, '198.51.100.1')).status, 200);
  });
});

describe('one guess at each of many accounts', () => {
  before(start(`${perIp}/86400`));
  after(stop);

  test('from one network, all at once: exactly the limit of the network is evaluated, and the victims sign in elsewhere', async () => {
    const victims = [await system.register(), await system.register()];
    const names = [
      ...victims.map(({ email }) => email),
      ...Array.from({ length: 78 }, (_, i) => `v${i}@example.com`),
    ];
    const answers = await Promise.all(names.map((email) => login(email, 'Password2026', '203.0.113.1')));
    assert.equal(countOf(answers, 401), perIp);
    assert.equal(countOf(answers, 429), 80 - perIp);
    for (const { email } of victims) {
      assert.equal((await login(email, userPassword, '203.0.113.1')).status, 429);
      assert.equal((await login(email, userPassword, '203.0.113.2')).status, 200);
    }
  });

  test('from one /64 of IPv6, in any spelling of its addresses: the same bucket', async () => {
    const spellings = (i: number) => [
      `2001:db8:0:1::${i.toString(16)}`,
      `2001:0DB8:0000:0001:0000:0000:0000:${i.toString(16).padStart(4, '0')}`,
      `2001:db8::1:${i.toString(16)}:0:0:${i.toString(16)}`,
    ];
    const addresses = Array.from({ length: 15 }, (_, i) => spellings(i + 1)).flat();
    const answers = await Promise.all(
      addresses.map((ip, i) => login(`w${i}@example.com`, 'Password2026', ip)),
    );
    assert.equal(countOf(answers, 401), perIp);
    assert.equal(countOf(answers, 429), 45 - perIp);
    assert.equal((await login('w@example.com', 'Password2026', '2001:db8:0:2::1')).status, 401);
  });

  test('from an IPv4 address and the same one mapped into IPv6: the same bucket, and a neighbour has his own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        login(`x${i}@example.com`, 'Password2026', i % 2 === 0 ? '203.0.113.9' : '::ffff:203.0.113.9'),
      ),
    );
    assert.equal(countOf(answers, 401), perIp);
    assert.equal((await login('x@example.com', 'Password2026', '::ffff:203.0.113.10')).status, 401);
    assert.equal((await login('x@example.com', 'Password2026', '::ffff:cb00:7109')).status, 429);
  });
});

describe('right passwords', () => {
  before(start('off'));
  after(stop);

  test('a success empties the bucket of the account and ends its row of failures, for both processes', async () => {
    const { email } = await system.register();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++)
        assert.equal((await login(email, 'guess', `192.0.2.${50 + round}`)).status, 401);
      const right = await login(email, userPassword, `192.0.2.${50 + round}`);
      assert.equal(right.status, 200);
      assert.match(String(right.headers['ratelimit']), /"login-account";r=10;t=0/);
    }
  });

  test('more right logins of one account at once than failures are allowed are all let in', async () => {
    const { email } = await system.register();
    const logins = Array.from({ length: 14 }, () => login(email, userPassword, '192.0.2.77'));
    const answers = await Promise.all(logins);
    assert.deepEqual(
      answers.map(({ status, body }) => body['code'] ?? status),
      Array.from({ length: 14 }, () => 200),
    );
  });
});
