// A stored key's private part, or the one line that says why it stays shut.

import type { KeyObject } from 'node:crypto';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { openSigningKey } from '../crypto/signing-key.ts';

/** @throws {SettingError} when the master key is not the one it was sealed with. */
export function unsealKey(sealed: Buffer, kid: string, sealKey: Buffer): KeyObject {
  try {
    return openSigningKey(sealed, kid, sealKey);
  } catch (cause) {
    throw new SettingError('MASTER_KEY: is not the one this database was set up with', { cause });
  }
}
