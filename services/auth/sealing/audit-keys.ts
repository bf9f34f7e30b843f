// The keys that seal the audit log, opened with the master key. Whoever may change the database but has no master key
// can add no key of his own: what does not open under it is none of ours.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { generateSigningKey, openSigningKey } from '../crypto/signing-key.ts';
import type { Queryable } from '../db/database.ts';
import { type AuditKeyRow, insertAuditKey, listAuditKeys } from '../store/audit-keys.ts';

export type AuditKey = {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
};

/** By kid, the oldest first: the newest signs. */
export type AuditKeys = ReadonlyMap<string, AuditKey>;

/** Rows that do not open are left out. */
export function openAuditKeys(rows: readonly AuditKeyRow[], sealKey: Buffer): AuditKeys {
  return new Map(
    rows.flatMap(({ kid, privateSealed }) => {
      const privateKey = tryOpen(privateSealed, kid, sealKey);
      if (privateKey === undefined) return [];
      return [[kid, { kid, privateKey, publicKey: createPublicKey(privateKey) }] as const];
    }),
  );
}

function tryOpen(sealed: Buffer, kid: string, sealKey: Buffer): KeyObject | undefined {
  try {
    return openSigningKey(sealed, kid, sealKey);
  } catch {
    return undefined;
  }
}

/**
 * The keys there are, with the first one made in a new database. Only under `lockSealing`.
 * @throws {SettingError} when none of those there are opens with this master key.
 */
export async function loadAuditKeys(tx: Queryable, sealKey: Buffer): Promise<AuditKeys> {
  const rows = await listAuditKeys(tx);
  if (rows.length === 0) {
    await insertAuditKey(tx, generateSigningKey(sealKey));
    return loadAuditKeys(tx, sealKey);
  }
  const keys = openAuditKeys(rows, sealKey);
  if (keys.size === 0) throw new SettingError('MASTER_KEY: is not the one this database was set up with');
  return keys;
}
