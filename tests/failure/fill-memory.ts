// What an auth remembers of the sessions that were refreshed lately has a bound, in number. This brings every auth of a
// rig to it: from then on as much goes as comes.

import assert from 'node:assert/strict';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import {
  encodeRefreshToken,
  hashNonce,
  newNonce,
  readRefreshToken,
} from '../../services/auth/crypto/refresh-token.ts';
import { send, type Target } from '../proofs/http-client.ts';
import type { Rig } from './start-rig.ts';

// Together `accountsKept` of POST /auth/refresh. Refreshes of one account wait for each other.
const accounts = 200;
const sessionsEach = 100;
const atOnce = 16;

export async function fillMemory(rig: Rig): Promise<void> {
  const nonce = newNonce();
  const macKey = deriveSecret(rig.masterKey, 'refresh-token-mac/v1');
  const database = await rig.superuser();
  try {
    const made = await database.rows(
      `with account as (
        insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
        select uuid_v7(now()), n || '@memory.example', 'none', 'user', now(), now()
        from generate_series(1, $1::int) as n returning id
      )
      insert into sessions (id, user_id, nonce_hash, generation, rotated_at, created_at, last_used_at, auth_time,
        idle_expires_at, expires_at, ip)
      select uuid_v7(now()), id, $3, 1, now(), now(), now(), now(), now() + interval '1 day', now() + interval '1 day',
        '127.0.0.1'
      from generate_series(1, $2::int), account returning id`,
      [accounts, sessionsEach, hashNonce(nonce)],
    );
    let tokens = made.map(({ id }) =>
      encodeRefreshToken({ sessionId: String(id), generation: 1, nonce }, macKey),
    );
    for (const { target } of rig.auths) tokens = await refreshAll(target, tokens);
    assert.equal(readRefreshToken(tokens[0]!, macKey)?.generation, 1 + rig.auths.length);
    await database.rows(`delete from users where email like '%@memory.example'`);
  } finally {
    await database.close();
  }
}

async function refreshAll(target: Target, tokens: readonly string[]): Promise<string[]> {
  const successors: string[] = [];
  const left = tokens.values();
  const refreshSome = async () => {
    for (const refresh_token of left) {
      const body = { refresh_token };
      const answer = await send(target, { method: 'POST', path: '/auth/refresh', body });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      successors.push(String(answer.body['refresh_token']));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, refreshSome));
  return successors;
}
