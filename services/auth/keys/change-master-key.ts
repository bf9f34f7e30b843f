// Another master key for a database: what the old one protected is exchanged, in one transaction with its event. The
// keys of the audit log stay, sealed anew, so that what they signed still proves itself; a new one, named by a seal of
// theirs, signs from here on. Refresh tokens are made with the master key, so that all sessions end.

import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { noOrigin } from '../audit/audit-event.ts';
import { placeOf } from '../audit/seal.ts';
import { resealBytes } from '../crypto/sealed-bytes.ts';
import { generateSigningKey } from '../crypto/signing-key.ts';
import type { Database, Queryable } from '../db/database.ts';
import { appendSeal, findTrustedSeal } from '../sealing/append-seal.ts';
import { type AuditKeys, loadAuditKeys } from '../sealing/audit-keys.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { insertAuditKey, listAuditKeys, resealAuditKey } from '../store/audit-keys.ts';
import { lockSealing } from '../store/audit-seals.ts';
import { endEverySession } from '../store/sessions.ts';
import { lockSealedSecrets, resealSecrets } from '../store/webhook-endpoints.ts';
import { withdrawSigningKeys } from './change-signing-keys.ts';

export type ChangedMasterKey = {
  readonly sessionsEnded: number;
  /** To be published after the commit. */
  readonly revocations: readonly Revocation[];
};

/**
 * No auth process may run: it would go on making keys under the old one.
 * @param db as the owner of the schema.
 * @throws {SettingError} when `masterKey` is not the one of this database.
 */
export function changeMasterKey(
  db: Database,
  masterKey: Buffer,
  nextMasterKey: Buffer,
): Promise<ChangedMasterKey> {
  const [sealKey, nextSealKey] = [masterKey, nextMasterKey].map((key) => deriveSecret(key, 'audit-seal/v1'));
  return db.transaction(async (tx) => {
    await lockSealing(tx);
    const keys = await loadAuditKeys(tx, sealKey!);
    for (const { kid, privateSealed } of await listAuditKeys(tx)) {
      // One that is not ours is told of by the verification, and stays what it is.
      if (keys.has(kid))
        await resealAuditKey(tx, kid, resealBytes(privateSealed, kid, sealKey!, nextSealKey!));
    }
    await nameNextKey(tx, keys, nextSealKey!);
    await resealWebhooks(tx, masterKey, nextMasterKey);
    const sessionsEnded = await endEverySession(tx, 'master_key_changed');
    const revocations = await withdrawSigningKeys(
      tx,
      deriveSecret(nextMasterKey, 'signing-key-encryption/v1'),
    );
    await insertAuditEvent(tx, {
      ...noOrigin,
      event: 'master_key.changed',
      outcome: 'success',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { via: 'pi', sessions_ended: sessionsEnded },
    });
    return { sessionsEnded, revocations };
  });
}

/** Signed by the key before it, whose successor is believed therefore. */
async function nameNextKey(tx: Queryable, keys: AuditKeys, nextSealKey: Buffer): Promise<void> {
  const previous = await findTrustedSeal(tx, keys);
  const next = generateSigningKey(nextSealKey);
  const body = { kind: 'key', jwk: next.publicJwk } as const;
  await appendSeal(tx, keys, { previous, body, through: placeOf(previous) });
  await insertAuditKey(tx, next);
}

/** Receivers know these secrets: they stay. Whoever had the old master key and the database has them, too. */
async function resealWebhooks(tx: Queryable, masterKey: Buffer, nextMasterKey: Buffer): Promise<void> {
  const [sealKey, nextSealKey] = [masterKey, nextMasterKey].map((key) =>
    deriveSecret(key, 'webhook-secret/v1'),
  );
  for (const { id, secret, previous } of await lockSealedSecrets(tx)) {
    await resealSecrets(tx, {
      id,
      secret: resealBytes(secret, id, sealKey!, nextSealKey!),
      previous: previous && resealBytes(previous, id, sealKey!, nextSealKey!),
    });
  }
}
