// Redis goes away in the middle of an attack: killed (it comes back empty), killed again and again, or silent. Auth
// then counts by itself, from what it remembers. Guesses that are let through in all stay within twice the limit,
// and whoever signs in meanwhile notices nothing.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readMetrics } from '../proofs/read-metrics.ts';
import { type System, startSystem, userPassword } from '../proofs/start-system.ts';
import { attemptLogin, believeProxies, networkAddress } from './login-attempt.ts';

const perAccount = 10;
const perIp = 30;
const limits = {
  RATE_LIMIT_LOGIN_PER_ACCOUNT: `${perAccount}/86400`,
  RATE_LIMIT_LOGIN_PER_IP: `${perIp}/86400`,
};
const attackers = 8;
// Of the guesses that each attack has after the loss of Redis.
const guessesAfter = 120;
const seenMs = 30_000;

async function start(t: TestContext): Promise<System> {
  const env = { ...believeProxies, ...limits };
  const system = await startSystem({ auths: 2, gateways: 0, workers: 0, redis: true, env });
  t.after(() => system.close());
  return system;
}

/** Guesses until it is told to end: one network at one account, and another at an account after the other. */
function openAttack(system: System, victim: string) {
  const state = { isOver: false, sent: 0, atOne: 0, atMany: 0 };
  const guess = async (target: 'one' | 'many', i: number): Promise<void> => {
    const { target: auth } = system.auths[i % system.auths.length]!;
    const [email, ip] = target === 'one' ? [victim, '192.0.2.1'] : [`victim${i}@example.com`, '192.0.2.2'];
    const { status } = await attemptLogin(auth, { email, password: `guess ${i}`, ip });
    assert.ok([401, 429].includes(status), `an attacker got ${status}`);
    if (status === 401 && target === 'one') state.atOne += 1;
    if (status === 401 && target === 'many') state.atMany += 1;
  };
  const running = Array.from({ length: attackers }, async () => {
    while (!state.isOver) {
      state.sent += 1;
      await guess(state.sent % 4 < 2 ? 'one' : 'many', state.sent);
      await delay(5);
    }
  });
  return {
    state,
    async end() {
      state.isOver = true;
      await Promise.all(running);
    },
  };
}

/** Signs in, each time from another network and as one of some users, until it is told to end. */
function openHonestUsers(system: System, emails: readonly string[]) {
  const state = { isOver: false, logins: 0 };
  const running = emails.map(async (email) => {
    while (!state.isOver) {
      state.logins += 1;
      const { target } = system.auths[state.logins % system.auths.length]!;
      const ip = networkAddress(state.logins);
      const { status, body } = await attemptLogin(target, { email, password: userPassword, ip });
      assert.equal(status, 200, JSON.stringify(body));
      await delay(20);
    }
  });
  return {
    state,
    async end() {
      state.isOver = true;
      await Promise.all(running);
    },
  };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + seenMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadlineMs, `not in time: ${what}`);
    await delay(10);
  }
}

const isShared = async (system: System): Promise<boolean> => {
  const modes = await Promise.all(
    system.auths.map(({ metricsUrl }) => readMetrics(metricsUrl, ['pi_auth_limiter_shared'])),
  );
  return modes.every(([mode]) => mode === 1);
};

/** `lose` when some of the budgets are used, and see the attack go on. */
async function attackAcross(
  t: TestContext,
  lose: (system: System, pid: () => number | undefined) => Promise<void>,
): Promise<void> {
  const system = await start(t);
  assert.ok(await isShared(system));
  const { email } = await system.register();
  const honest = [await system.register(), await system.register()].map((user) => user.email);
  const attack = openAttack(system, email);
  const users = openHonestUsers(system, honest);
  await until('the attack is on', () => attack.state.atOne >= perAccount / 2 && users.state.logins >= 4);
  await lose(system, () => system.redis?.pid());
  const { sent } = attack.state;
  const { logins } = users.state;
  await until(
    'it went on',
    () => attack.state.sent >= sent + guessesAfter && users.state.logins >= logins + 10,
  );
  await attack.end();
  await users.end();
  for (const [guesses, limit] of [
    [attack.state.atOne, perAccount],
    [attack.state.atMany, perIp],
  ] as const) {
    // A guess that Redis counted with its last breath, and could not say so, is not let through.
    assert.ok(guesses >= limit / 2 && guesses <= 2 * limit, `${guesses} guesses, where ${limit} are allowed`);
  }
}

function kill(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

test('Redis killed once, and back with nothing in it', (t) =>
  attackAcross(t, async (system, pid) => {
    const killed = pid();
    kill(killed);
    await until('it is back', () => pid() !== undefined && pid() !== killed);
    await until('limits are shared again', () => isShared(system));
  }));

test('Redis killed again and again', (t) =>
  attackAcross(t, async (_, pid) => {
    for (let times = 0; times < 4; times++) {
      const killed = pid();
      kill(killed);
      await until('it is back', () => pid() !== undefined && pid() !== killed);
    }
  }));

test('Redis paused, and going on later with what it was sent meanwhile', (t) =>
  attackAcross(t, async (system, pid) => {
    const paused = pid()!;
    process.kill(paused, 'SIGSTOP');
    await until('nobody waits for it', async () => !(await isShared(system)));
    process.kill(paused, 'SIGCONT');
    await until('limits are shared again', () => isShared(system));
  }));

test('Redis paused for the whole attack', async (t) => {
  let paused: number | undefined;
  await attackAcross(t, (_, pid) => {
    paused = pid()!;
    process.kill(paused, 'SIGSTOP');
    return Promise.resolve();
  }).finally(() => {
    if (paused !== undefined) process.kill(paused, 'SIGCONT');
  });
});
