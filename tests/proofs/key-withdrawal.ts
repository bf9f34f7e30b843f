// How long a withdrawn signing key goes on being believed, and how long until its successor is, counted from the
// commit of the withdrawal (what `pi keys revoke` does), on every auth process and every worker of every gateway.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { publishRevocations } from '../../cli/publish-revocations.ts';
import { openDatabase } from '../../services/auth/db/database.ts';
import { revokeSigningKey } from '../../services/auth/keys/change-signing-keys.ts';
import { send } from './http-client.ts';
import { outlive, type Probe } from './outlive.ts';
import { summarize } from './percentile.ts';
import { readKeyId } from './read-claims.ts';
import type { System } from './start-system.ts';

const timing = { probeEveryMs: 5, boundMs: 10_000 };

export async function measureKeyWithdrawal(system: System, rounds: number) {
  const log = createLog({ service: 'proof', level: 'silent' });
  const db = openDatabase({ url: system.database.url, poolMax: 1, log });
  const sealKey = deriveSecret(system.masterKey, 'signing-key-encryption/v1');
  const { email } = await system.register();
  const probes: readonly Probe[] = [
    ...system.auths.map(({ target }) => ({ target, path: '/auth/me' })),
    ...system.gateways.flatMap(({ workers }) => workers.map(({ target }) => ({ target, path: '/up/x' }))),
  ];
  const believedMs: number[] = [];
  const successorMs: number[] = [];

  for (let round = 0; round < rounds; round += 1) {
    const { access_token: token, refresh_token } = await system.login(email);
    const committed = Promise.withResolvers<number>();
    const withdraw = async () => {
      const revoked = await revokeSigningKey(db, sealKey, readKeyId(token));
      assert.ok(revoked?.replacedBy !== undefined);
      const committedMs = performance.now();
      const successor = publishRevocations(system.redisUrl, revoked.revocations)
        .then(() => followSuccessor(refresh_token, revoked.replacedBy!))
        .then((goodMs) => goodMs - committedMs);
      committed.resolve(successor);
      return committedMs;
    };
    const [outlived, successor] = await Promise.all([
      outlive(token, probes, timing, withdraw),
      committed.promise,
    ]);
    believedMs.push(...outlived);
    successorMs.push(successor);
  }
  await db.close();

  async function isGoodEverywhere(token: string): Promise<boolean> {
    const answers = await Promise.all(probes.map(({ target, path }) => send(target, { path, token })));
    return answers.every(({ status }) => status === 200);
  }

  /** The instant at which a token of the new key was good everywhere. */
  async function followSuccessor(first: string, kid: string): Promise<number> {
    let refreshToken = first;
    for (const { target } of system.auths) {
      for (;;) {
        const body = { refresh_token: refreshToken };
        const answer = await send(target, { method: 'POST', path: '/auth/refresh', body });
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        refreshToken = String(answer.body['refresh_token']);
        const token = String(answer.body['access_token']);
        if (readKeyId(token) === kid && (await isGoodEverywhere(token))) break;
        await delay(timing.probeEveryMs);
      }
    }
    return performance.now();
  }

  return {
    withdrawals: rounds,
    believed: summarize(believedMs),
    successorGoodEverywhere: summarize(successorMs),
  };
}
