// What a thief can make of half of our secrets. With a dump of the whole database he knows every session, its
// generation and the hash of its nonce, but no MAC key; with the master key alone he makes any MAC, but knows no
// nonce. From neither comes a refresh token that is taken, nor one that even disturbs the session. With both he
// succeeds, which shows that the forgeries were well made.

import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { encodeRefreshToken, readRefreshToken } from '../../services/auth/crypto/refresh-token.ts';
import { type Answer, send, type Tokens } from './http-client.ts';
import { readClaims } from './read-claims.ts';
import type { System } from './start-system.ts';
import { openSuperuser } from './superuser.ts';

const macLabel = 'refresh-token-mac/v1';

type Dump = ReadonlyMap<string, readonly Record<string, unknown>[]>;

/** Every row of every table, as a stolen backup holds them. */
export async function dumpDatabase(system: System): Promise<Dump> {
  const superuser = await openSuperuser(system.database.superuserUrl);
  const tables = await superuser.rows(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const dump = new Map<string, readonly Record<string, unknown>[]>();
  for (const { name } of tables) dump.set(String(name), await superuser.rows(`select * from ${name}`));
  await superuser.close();
  return dump;
}

type Victim = { readonly id: string; readonly generation: number; readonly nonceHash: Buffer };

/** Returns how many forgeries were refused. */
export async function proveNoForgery(system: System, guesses: number) {
  const { email } = await system.register();
  const tokens = await system.login(email);
  const dump = await dumpDatabase(system);
  const victims = (dump.get('sessions') ?? []).map(
    (row): Victim => ({
      id: String(row['id']),
      generation: Number(row['generation']),
      nonceHash: row['nonce_hash'] as Buffer,
    }),
  );
  assert.ok(victims.length > 0);

  const fromDump = victims.flatMap((victim) => forgeFromDump(victim, dump, guesses));
  // The id of a session stands in its access tokens: it is no secret.
  const fromKey = forgeFromMasterKey(readClaims(tokens.access_token).sid, system.masterKey, guesses);
  for (const token of fromDump) assert.equal((await refresh(system, token)).status, 401);
  for (const token of fromKey) assert.equal((await refresh(system, token)).status, 401);

  // The session is untouched, and no event accuses its owner.
  const superuser = await openSuperuser(system.database.superuserUrl);
  const sid = readClaims(tokens.access_token).sid;
  assert.equal(await superuser.countEvents('token.reuse_detected', sid), 0);
  await superuser.close();
  const macKey = deriveSecret(system.masterKey, macLabel);
  const { nonce, generation } = readRefreshToken(tokens.refresh_token, macKey)!;
  const both = encodeRefreshToken({ sessionId: sid, generation, nonce }, macKey);
  assert.equal(both, tokens.refresh_token);
  assert.equal((await refresh(system, both)).status, 200);
  return { fromDump: fromDump.length, fromMasterKey: fromKey.length };
}

/** MACs under every key the dump could suggest, over every nonce it could suggest. */
function forgeFromDump({ id, generation, nonceHash }: Victim, dump: Dump, guesses: number): string[] {
  const inDump = [...dump.values()].flat().flatMap((row) => Object.values(row));
  const blobs = inDump.filter((value): value is Buffer => Buffer.isBuffer(value));
  const keys = [
    Buffer.alloc(32),
    nonceHash,
    Buffer.from(id.replaceAll('-', ''), 'hex'),
    ...blobs.slice(0, guesses),
    ...blobs
      .slice(0, guesses)
      .map((blob) => deriveSecret(createHash('sha256').update(blob).digest(), macLabel)),
    ...Array.from({ length: guesses }, () => randomBytes(32)),
  ];
  const nonces = [nonceHash, createHash('sha256').update(nonceHash).digest(), Buffer.alloc(32)];
  return keys.flatMap((key) =>
    nonces.flatMap((nonce) =>
      [generation, generation + 1].map((one) =>
        encodeRefreshToken({ sessionId: id, generation: one, nonce }, key),
      ),
    ),
  );
}

/** Right MACs over nonces that a thief without the database could try. */
function forgeFromMasterKey(sessionId: string, masterKey: Buffer, guesses: number): string[] {
  const macKey = deriveSecret(masterKey, macLabel);
  const nonces = [
    Buffer.alloc(32),
    masterKey,
    macKey,
    createHash('sha256').update(masterKey).digest(),
    createHash('sha256').update(sessionId).digest(),
    createHmac('sha256', macKey).update(sessionId).digest(),
    ...Array.from({ length: guesses }, () => randomBytes(32)),
  ];
  return nonces.flatMap((nonce) =>
    [1, 2].map((generation) => encodeRefreshToken({ sessionId, generation, nonce }, macKey)),
  );
}

/** Where tokens must never stand: returns the places that hold one, or the nonce inside it. */
export async function findSecrets(
  system: System,
  tokens: readonly Tokens[],
  places: ReadonlyMap<string, string>,
) {
  const macKey = deriveSecret(system.masterKey, macLabel);
  const secrets = tokens.flatMap(({ access_token, refresh_token }) => {
    const { nonce } = readRefreshToken(refresh_token, macKey)!;
    return [
      access_token,
      refresh_token,
      nonce.toString('hex'),
      nonce.toString('base64'),
      nonce.toString('base64url'),
    ];
  });
  return [...places]
    .filter(([, text]) => secrets.some((secret) => text.includes(secret)))
    .map(([place]) => place);
}

function refresh(system: System, refresh_token: string): Promise<Answer> {
  return send(system.auths[0]!.target, { method: 'POST', path: '/auth/refresh', body: { refresh_token } });
}
