// An old refresh token comes back: after every process was killed and started again, after Redis was flushed,
// in the very millisecond of the rotation, a millisecond after the grace. Each time the session is dead, with its
// newest token and its access tokens, on every worker, and one event tells of it, however many replays come at once.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Redis } from 'ioredis';
import { readRefreshToken } from '../../services/auth/crypto/refresh-token.ts';
import { type Answer, send, type Tokens } from './http-client.ts';
import type { System } from './start-system.ts';
import { openSuperuser, type Superuser } from './superuser.ts';

export const replayCases = [
  'after a restart',
  'after Redis was flushed',
  'within the same millisecond',
  '1 ms after the grace',
] as const;
export type ReplayCase = (typeof replayCases)[number];

export const graceSeconds = 10;
const replaysAtOnce = 10;
const reachMs = 2000;

type Session = {
  readonly id: string;
  /** By generation, the login's first. */
  readonly refreshTokens: readonly string[];
  readonly accessTokens: readonly string[];
};

/** Returns how many replays were refused. */
export async function proveReplaysKill(system: System, replayCase: ReplayCase, rounds: number) {
  const superuser = await openSuperuser(system.database.superuserUrl);
  for (let round = 0; round < rounds; round += 1) {
    const session = await openSession(system);
    const replayed = await prepare(system, superuser, replayCase, session);
    await assertKills(system, superuser, session, replayed);
  }
  await superuser.close();
  return { case: replayCase, rounds, replaysRefused: rounds * replaysAtOnce };
}

function refresh(system: System, refresh_token: string, at = 0): Promise<Answer> {
  const { target } = system.auths[at % system.auths.length]!;
  return send(target, { method: 'POST', path: '/auth/refresh', body: { refresh_token } });
}

async function openSession(system: System): Promise<Session> {
  const { email } = await system.register();
  const chain: Tokens[] = [await system.login(email)];
  while (chain.length < 3) {
    const answer = await refresh(system, chain.at(-1)!.refresh_token, chain.length);
    assert.equal(answer.status, 200);
    chain.push(answer.body as Tokens);
  }
  const macKey = deriveSecret(system.masterKey, 'refresh-token-mac/v1');
  return {
    id: readRefreshToken(chain[0]!.refresh_token, macKey)!.sessionId,
    refreshTokens: chain.map((tokens) => tokens.refresh_token),
    accessTokens: chain.map((tokens) => tokens.access_token),
  };
}

/** Brings the case about and gives the token to be replayed. */
async function prepare(
  system: System,
  superuser: Superuser,
  replayCase: ReplayCase,
  { id, refreshTokens }: Session,
): Promise<string> {
  const [oldest = '', predecessor = '', newest = ''] = refreshTokens;
  switch (replayCase) {
    case 'after a restart': {
      const services = [...system.auths, ...system.gateways.flatMap(({ workers }) => workers)];
      await Promise.all(services.map((service) => service.stop('SIGKILL')));
      await Promise.all(services.map((service) => service.start()));
      return oldest;
    }
    case 'after Redis was flushed':
      await flushRedis(system);
      return oldest;
    case 'within the same millisecond':
      // All three rotations in one instant, which is now: only the generation tells the tokens apart.
      await superuser.setRotationBack(id, 0);
      return oldest;
    case '1 ms after the grace':
      // A millisecond less, and the predecessor is good: this very answer shows it.
      await superuser.setRotationBack(id, graceSeconds * 1000 - 500);
      assert.equal((await refresh(system, predecessor)).body['refresh_token'], newest);
      await superuser.setRotationBack(id, graceSeconds * 1000 + 1);
      return predecessor;
    default:
      return replayCase satisfies never;
  }
}

async function flushRedis({ redisUrl }: System): Promise<void> {
  assert.ok(redisUrl !== undefined, 'this proof needs a system with Redis');
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

async function assertKills(
  system: System,
  superuser: Superuser,
  { id, refreshTokens, accessTokens }: Session,
  replayed: string,
): Promise<void> {
  const replays = await Promise.all(
    Array.from({ length: replaysAtOnce }, (_, i) => refresh(system, replayed, i)),
  );
  for (const { status, body } of replays) {
    assert.deepEqual([status, body['code']], [401, 'invalid_refresh_token']);
  }
  for (const token of refreshTokens) {
    for (const at of system.auths.keys()) assert.equal((await refresh(system, token, at)).status, 401);
  }
  const workers = system.gateways.flatMap((gateway) => gateway.workers);
  for (const token of accessTokens) {
    for (const { target } of system.auths) {
      assert.equal((await send(target, { path: '/auth/me', token })).status, 401);
    }
    for (const { target } of workers) await untilRefused(() => send(target, { path: '/up/x', token }));
  }
  assert.equal(await superuser.countEvents('token.reuse_detected', id), 1);
}

/** A replay at auth itself reaches gateways by the feed: soon, not before the answer. */
async function untilRefused(ask: () => Promise<Answer>): Promise<void> {
  const deadlineMs = performance.now() + reachMs;
  while ((await ask()).status !== 401) {
    assert.ok(performance.now() < deadlineMs, 'an access token of a dead session is still good');
    await delay(5);
  }
}
