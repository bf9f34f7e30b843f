// The master key of the services: MASTER_KEY, or the one that the run on DATA_DIR made for itself.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { ensureMasterKey } from '../launch/master-key-file.ts';
import type { CliSettings } from './auth-settings.ts';
import { CliError } from './cli-error.ts';

/** Undefined when there is none here. */
export function findMasterKey({ masterKey, dataDir }: CliSettings): Buffer | undefined {
  if (masterKey !== undefined) return masterKey;
  return existsSync(join(dataDir, 'master.key')) ? Buffer.from(ensureMasterKey(dataDir), 'hex') : undefined;
}

/** @throws {CliError} when there is no master key here. */
export function readMasterKey(settings: CliSettings): Buffer {
  const key = findMasterKey(settings);
  if (key === undefined) {
    throw new CliError(3, 'no master key: set MASTER_KEY (or MASTER_KEY_FILE) as for the auth service');
  }
  return key;
}

/** The key that signing keys are sealed with. @throws {CliError} when there is no master key here. */
export function readSealKey(settings: CliSettings): Buffer {
  return deriveSecret(readMasterKey(settings), 'signing-key-encryption/v1');
}

/** The key that the keys of the audit log are sealed with. @throws {CliError} when there is no master key here. */
export function readAuditSealKey(settings: CliSettings): Buffer {
  return deriveSecret(readMasterKey(settings), 'audit-seal/v1');
}

/** The key that the secrets of webhooks are sealed with. @throws {CliError} when there is no master key here. */
export function readWebhookKey(settings: CliSettings): Buffer {
  return deriveSecret(readMasterKey(settings), 'webhook-secret/v1');
}
