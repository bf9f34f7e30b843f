// What an operator does to the signing keys (`pi keys`), each in one transaction with its event, under the lock
// that the automatic rotation takes too. The auth processes follow the table by themselves (background/follow.ts),
// the gateways by their refresh and, for a withdrawn key, by the revocation.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { type AuditEventName, noOrigin } from '../audit/audit-event.ts';
import { generateSigningKey } from '../crypto/signing-key.ts';
import type { Database, Queryable } from '../db/database.ts';
import { decideKeyRevocation, publishLeadSecondsMin } from '../domain/decide-key-rotation.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { insertRevocations } from '../store/revocations.ts';
import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  type SigningKeyRow,
} from '../store/signing-keys.ts';
import { unsealKey } from './unseal-key.ts';

// A thief's tokens may say any expiry, and a gateway that slept so long may still hold the key when it wakes.
const keyRevocationSeconds = 30 * 86_400;

export type RotatedKey = {
  readonly kid: string;
  /** Microseconds: signs from then on. */
  readonly activeAt: number;
  /** False: another key was on its way already, and this is it. */
  readonly isNew: boolean;
};

/**
 * Publishes a key that takes over as soon as every gateway knows it.
 * @throws {SettingError} when the master key is not the one of this database.
 */
export function rotateSigningKey(db: Database, sealKey: Buffer): Promise<RotatedKey> {
  return db.transaction(async (tx) => {
    const now = await lockSigningKeys(tx);
    const newest = (await listSigningKeys(tx)).at(-1);
    if (newest !== undefined && newest.activeAt > now) return { ...newest, isNew: false };
    const activeAt = newest === undefined ? now : now + publishLeadSecondsMin * 1_000_000;
    const kid = await addKey(tx, newest, activeAt, sealKey);
    const active_at = new Date(activeAt / 1000).toISOString();
    await insertKeysEvent(tx, 'keys.rotated', { kid, active_at, removed: [] });
    return { kid, activeAt, isNew: true };
  });
}

export type RevokedKey = {
  /** The key that signs in its place from now on; undefined: it did not sign. */
  readonly replacedBy: string | undefined;
  /** To be published after the commit. */
  readonly revocations: readonly Revocation[];
};

/**
 * Withdraws a key: it leaves the published set, every token it signed is dead, and if it was the one that signs
 * a new one does at once.
 * @returns undefined when there is no such key.
 * @throws {SettingError} when the master key is not the one of this database.
 */
export function revokeSigningKey(
  db: Database,
  sealKey: Buffer,
  kid: string,
): Promise<RevokedKey | undefined> {
  return db.transaction(async (tx) => {
    const now = await lockSigningKeys(tx);
    const keys = await listSigningKeys(tx);
    const decision = decideKeyRevocation(keys, kid, now);
    if (decision.kind === 'unknown') return undefined;
    const replacedBy = decision.isSigning ? await addKey(tx, keys.at(-1), now, sealKey) : undefined;
    await deleteSigningKeys(tx, [kid]);
    await insertKeysEvent(tx, 'keys.revoked', { kid, replaced_by: replacedBy ?? null });
    const row = { kind: 'key' as const, id: kid, notBefore: now };
    return { replacedBy, revocations: await insertRevocations(tx, [row], keyRevocationSeconds) };
  });
}

/**
 * All of them, in a transaction that writes its event itself. A new one takes over at once, so that no auth process
 * that is started with another master key by mistake makes one.
 */
export async function withdrawSigningKeys(tx: Queryable, sealKey: Buffer): Promise<Revocation[]> {
  const now = await lockSigningKeys(tx);
  const kids = (await listSigningKeys(tx)).map(({ kid }) => kid);
  await deleteSigningKeys(tx, kids);
  await addKey(tx, undefined, now, sealKey);
  const rows = kids.map((kid) => ({ kind: 'key' as const, id: kid, notBefore: now }));
  return insertRevocations(tx, rows, keyRevocationSeconds);
}

/** `known` is any stored key: one sealed under another master key would stop every auth process. */
async function addKey(
  tx: Queryable,
  known: SigningKeyRow | undefined,
  activeAt: number,
  sealKey: Buffer,
): Promise<string> {
  if (known !== undefined) unsealKey(known.privateSealed, known.kid, sealKey);
  const key = generateSigningKey(sealKey);
  await insertSigningKey(tx, key, activeAt);
  return key.kid;
}

function insertKeysEvent(tx: Queryable, event: AuditEventName, data: object): Promise<void> {
  return insertAuditEvent(tx, {
    ...noOrigin,
    event,
    outcome: 'success',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { ...data, via: 'pi' },
  });
}
