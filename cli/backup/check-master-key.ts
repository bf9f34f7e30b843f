// A backup holds its keys sealed: with another master key the service would not start on it.

import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { unsealKey } from '@pi-gateway/auth/keys/unseal-key.ts';
import { openAuditKeys } from '@pi-gateway/auth/sealing/audit-keys.ts';
import { listAuditKeys } from '@pi-gateway/auth/store/audit-keys.ts';
import { listSigningKeys } from '@pi-gateway/auth/store/signing-keys.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { CliError } from '../cli-error.ts';

/** @throws {CliError} when the keys were sealed with another one. */
export async function checkMasterKey(db: Queryable, masterKey: Buffer): Promise<void> {
  const sealKey = deriveSecret(masterKey, 'signing-key-encryption/v1');
  const auditKeys = await listAuditKeys(db);
  const opened = openAuditKeys(auditKeys, deriveSecret(masterKey, 'audit-seal/v1'));
  try {
    for (const { kid, privateSealed } of await listSigningKeys(db)) unsealKey(privateSealed, kid, sealKey);
    if (auditKeys.length === 0 || opened.size > 0) return;
  } catch {
    // said below
  }
  throw new CliError(3, 'MASTER_KEY: is not the one the backup was made under');
}
