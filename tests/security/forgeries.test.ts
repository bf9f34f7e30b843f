// The short form of tests/proofs/forgeries.ts, and where a token may never be found.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { dumpDatabase, findSecrets, proveNoForgery } from '../proofs/forgeries.ts';
import { send, type Tokens } from '../proofs/http-client.ts';
import { type System, startSystem } from '../proofs/start-system.ts';

let system: System;
before(async () => {
  const env = { LOG_LEVEL: 'trace', GATEWAY_ACCESS_LOG: '-' };
  system = await startSystem({ auths: 1, gateways: 1, workers: 1, redis: true, env });
});
after(() => system.close());

test('neither a dump of the database nor the master key alone forges a refresh token', async () => {
  const { fromDump, fromMasterKey } = await proveNoForgery(system, 20);
  assert.ok(fromDump > 100 && fromMasterKey > 40);
});

test('no token value stands in the database, in Redis or in a log', async () => {
  const { email } = await system.register();
  const tokens = [await system.login(email)];
  const post = (path: string, body: unknown, token?: string) =>
    send(system.gateways[0]!.target, {
      method: 'POST',
      path,
      body,
      ...(token === undefined ? {} : { token }),
    });
  const [{ refresh_token, access_token } = { refresh_token: '', access_token: '' }] = tokens;
  tokens.push((await post('/api/auth/refresh', { refresh_token })).body as Tokens);
  tokens.push((await post('/api/auth/refresh', { refresh_token: tokens[1]!.refresh_token })).body as Tokens);
  // Refusals, a replay and a logout write most.
  await send(system.gateways[0]!.target, {
    path: `/up/x?access_token=${access_token.slice(0, 20)}`,
    token: access_token,
  });
  assert.equal((await post('/api/auth/refresh', { refresh_token })).status, 401);
  assert.equal((await post('/api/auth/logout', {}, access_token)).status, 204);

  const redis = new Redis(system.redisUrl!);
  await redis.config('SET', 'rdbcompression', 'no');
  const inRedis = (await redis.keys('*')).map(
    async (key) => `${key} ${(await redis.dumpBuffer(key)).toString('latin1')}`,
  );
  const rows = [...(await dumpDatabase(system))].map(([table, all]) => {
    const text = JSON.stringify(all, (_, value: unknown) => hexOf(value) ?? value);
    return [`table ${table}`, text] as const;
  });
  const services = [...system.auths, ...system.gateways[0]!.workers];
  const places = new Map<string, string>([
    ...rows,
    ['Redis', (await Promise.all(inRedis)).join('\n')],
    ...services.map((service, i) => [`log ${i}`, service.output()] as const),
  ]);
  redis.disconnect();
  assert.ok(
    [...places.values()].every((text) => text !== ''),
    'every place was written to',
  );
  assert.deepEqual(await findSecrets(system, tokens, places), []);
  // The search would find one.
  assert.deepEqual(await findSecrets(system, tokens, new Map([['here', `x${tokens[0]!.refresh_token}`]])), [
    'here',
  ]);
});

/** A Buffer as JSON.stringify meets it: already turned into `{ type: 'Buffer', data }`. */
function hexOf(value: unknown): string | undefined {
  const { type, data } = Object(value) as { type?: unknown; data?: unknown };
  return type === 'Buffer' ? Buffer.from(data as number[]).toString('hex') : undefined;
}
