// The signing keys of this process: which one signs, which ones verify, and the published set. Reloaded each
// second, since another auth process may have made a key; making one is decided in domain/decide-key-rotation.ts.

import { createHash, type KeyObject } from 'node:crypto';
import { readJwks, type VerificationKey } from '@pi-gateway/access-token/jwks.ts';
import { noOrigin } from '../audit/audit-event.ts';
import type { Signer } from '../crypto/access-token.ts';
import { generateSigningKey } from '../crypto/signing-key.ts';
import type { Database } from '../db/database.ts';
import { decideKeyRotation, type KeyRotationRules, keyActiveAt } from '../domain/decide-key-rotation.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  type SigningKeyRow,
} from '../store/signing-keys.ts';
import { unsealKey } from './unseal-key.ts';

type OpenKey = Signer & { readonly activeAt: number };

export type KeyRing = {
  /** The key for a token issued at an instant (microseconds). */
  signerAt(micros: number): Signer;
  verificationKeys(): ReadonlyMap<string, VerificationKey>;
  /** The JWK set as it is served. */
  published(): { readonly body: string; readonly etag: string };
  /** Reloads the keys; makes and removes what is due. */
  maintain(): Promise<void>;
};

/**
 * Loads the keys, making the first one in a new database.
 * @throws {SettingError} when the master key is not the one they were sealed with.
 */
export async function openKeyRing(db: Database, sealKey: Buffer, rules: KeyRotationRules): Promise<KeyRing> {
  const opened = new Map<string, KeyObject>();
  let keys: readonly OpenKey[] = [];
  let verifying: ReadonlyMap<string, VerificationKey> = new Map();
  let published = { body: '', etag: '' };

  function adopt(rows: readonly SigningKeyRow[]): void {
    keys = rows.map(({ kid, privateSealed, activeAt }) => {
      const privateKey = opened.get(kid) ?? unsealKey(privateSealed, kid, sealKey);
      opened.set(kid, privateKey);
      return { kid, privateKey, activeAt };
    });
    for (const kid of opened.keys()) if (!rows.some((row) => row.kid === kid)) opened.delete(kid);
    const body = JSON.stringify({ keys: rows.map((row) => row.publicJwk) });
    if (body === published.body) return;
    verifying = readJwks(JSON.parse(body));
    published = { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
  }

  async function rotate(): Promise<void> {
    const rows = await db.transaction(async (tx) => {
      const now = await lockSigningKeys(tx);
      const before = await listSigningKeys(tx);
      const { nextActiveAt, dead } = decideKeyRotation(before, now, rules);
      if (nextActiveAt === undefined && dead.length === 0) return before;
      if (nextActiveAt !== undefined) {
        const key = generateSigningKey(sealKey);
        await insertSigningKey(tx, key, nextActiveAt);
        const active_at = new Date(nextActiveAt / 1000).toISOString();
        await insertAuditEvent(tx, {
          ...noOrigin,
          event: 'keys.rotated',
          outcome: 'success',
          actorId: null,
          targetId: null,
          sessionId: null,
          data: { kid: key.kid, active_at, removed: dead },
        });
      }
      if (dead.length > 0) await deleteSigningKeys(tx, dead);
      return listSigningKeys(tx);
    });
    adopt(rows);
  }

  await rotate();
  return {
    signerAt(micros) {
      const key = keyActiveAt(keys, micros) ?? keys[0];
      if (key === undefined) throw new Error('there is no signing key');
      return key;
    },
    verificationKeys: () => verifying,
    published: () => published,
    async maintain() {
      adopt(await listSigningKeys(db));
      const { nextActiveAt, dead } = decideKeyRotation(keys, Date.now() * 1000, rules);
      if (nextActiveAt !== undefined || dead.length > 0) await rotate();
    },
  };
}
