// How an account is named in buckets and events: by a keyed hash of its address, for what was typed may be no address
// at all, and whoever has only the log cannot try addresses until one fits.

import { createHmac } from 'node:crypto';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';

export type AccountKey = (email: string) => string;

const characters = 22;

/** Of canonical addresses. */
export function openAccountKey(masterKey: Buffer): AccountKey {
  const key = deriveSecret(masterKey, 'limit-key/v1');
  return (email) => createHmac('sha256', key).update(email).digest('base64url').slice(0, characters);
}
