// A flood of logins, each of which would cost a hash: what runs, who waits, who is sent away and who gets through.
// Hashes are made slow by their parameters, so that every state lasts long enough to be seen.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../proofs/http-client.ts';
import { readMetrics } from '../proofs/read-metrics.ts';
import { type System, startSystem, userPassword } from '../proofs/start-system.ts';
import { attemptLogin, believeProxies, networkAddress } from './login-attempt.ts';

const cores = availableParallelism();
const places = Math.max(128, 64 * cores);
// Half a second or more for one hash, and a little more than by default.
const verySlow = { PASSWORD_HASH_MEMORY_KIB: '65536', PASSWORD_HASH_PASSES: '20' };
const slow = { PASSWORD_HASH_MEMORY_KIB: '19456', PASSWORD_HASH_PASSES: '4' };
const seenMs = 60_000;

async function start(t: TestContext, hashes: Readonly<Record<string, string>>): Promise<System> {
  const env = { ...believeProxies, ...hashes };
  const system = await startSystem({ auths: 1, gateways: 1, workers: 1, redis: false, env });
  t.after(() => system.close());
  return system;
}

async function readHashes({ auths: [auth] }: System) {
  const names = ['pi_auth_hashes_running', 'pi_auth_hashes_waiting'] as const;
  const [running, waiting] = await readMetrics(auth!.metricsUrl, names);
  return { running, waiting };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + seenMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadlineMs, `not in time: ${what}`);
    await delay(5);
  }
}

/** A client that sends a login and can leave before it is answered. */
function openLogin(target: Target, ip: string): Socket {
  assert.ok('port' in target);
  const body = JSON.stringify({ email: 'nobody@example.com', password: 'a guess' });
  const socket = connect(target.port, target.host);
  socket.on('error', () => undefined);
  socket.write(
    `POST /auth/login HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: ${ip}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

test('as many hashes run as there are cores, a bounded number waits, and the surplus is told to come again', async (t) => {
  const system = await start(t, verySlow);
  const surplus = 40;
  const total = cores + places + surplus;
  const refusals: Awaited<ReturnType<typeof attemptLogin>>[] = [];
  const gateway = system.gateways[0]!.target;
  for (let i = 0; i < total; i++) {
    const attempt = { email: `nobody${i}@example.com`, password: 'a guess', ip: networkAddress(i) };
    attemptLogin(gateway, attempt, '/api/auth/login').then(
      (answer) => answer.status !== 401 && refusals.push(answer),
      () => undefined, // the system is stopped before the last hash
    );
  }
  const seen: { running: number; waiting: number }[] = [];
  await until('the surplus is answered', async () => {
    seen.push(await readHashes(system));
    return refusals.length >= surplus;
  });
  assert.equal(Math.max(...seen.map(({ running }) => running)), cores);
  assert.ok(Math.max(...seen.map(({ waiting }) => waiting)) <= places);
  for (const { status, body, headers } of refusals) {
    assert.deepEqual([status, body['code']], [503, 'overloaded']);
    assert.ok(Number(headers['retry-after']) >= 1);
  }
});

test('a client that leaves does not make room for another hash beside its own', async (t) => {
  const system = await start(t, verySlow);
  const { target } = system.auths[0]!;
  const clients = Array.from({ length: cores }, (_, i) => openLogin(target, networkAddress(i)));
  await until('a hash on every core', async () => (await readHashes(system)).running === cores);
  for (const client of clients) client.destroy();
  const late = openLogin(target, networkAddress(cores));
  await until('the next one waits', async () => (await readHashes(system)).waiting === 1);
  late.destroy();
  await until('all permits are back', async () => (await readHashes(system)).running === 0);
});

test('two networks that flood without pause do not keep a third from signing in, nor wait for long', async (t) => {
  const system = await start(t, slow);
  const { target } = system.auths[0]!;
  const { email } = await system.register();
  const flood = { isOver: false, evaluated: 0 };
  t.after(() => {
    flood.isOver = true;
  });
  const flooders = Array.from({ length: 160 }, async (_, i) => {
    while (!flood.isOver) {
      const attempt = { email: `nobody${i}@example.com`, password: 'a guess', ip: networkAddress(i % 2) };
      const status = await attemptLogin(target, attempt).then(
        (answer) => answer.status,
        () => undefined, // a machine so busy that a flooder gave up
      );
      if (status === 401) flood.evaluated += 1;
      else await delay(20);
    }
  });
  const backlog = 60;
  await until('a long queue', async () => (await readHashes(system)).waiting >= backlog);
  const before = flood.evaluated;
  const answer = await attemptLogin(target, { email, password: userPassword, ip: networkAddress(2) });
  const overtaken = flood.evaluated - before;
  flood.isOver = true;
  assert.equal(answer.status, 200);
  // In its turn: after what runs, and one of each other network. First come, first served would be the backlog.
  assert.ok(overtaken < backlog / 2, `${overtaken} others were served meanwhile`);
  await Promise.all(flooders);
});
