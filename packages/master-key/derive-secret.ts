// Every secret of the product is derived from the one master key (HKDF-SHA-256, RFC 5869), each for one
// purpose, so that none can stand in for another and a leaked one tells nothing of the rest.

import { hkdfSync } from 'node:crypto';

/** What a derived secret is for; the text is the HKDF info and must never change. */
export type SecretPurpose =
  | 'refresh-token-mac/v1'
  | 'signing-key-encryption/v1'
  | 'limit-key/v1'
  | 'gateway-limit-key/v1'
  | 'cursor-mac/v1'
  | 'gateway-forward-proof/v1'
  | 'gateway-call-proof/v1'
  | 'audit-seal/v1'
  | 'webhook-secret/v1'
  | 'mail-inbox/v1';

/** 32 bytes for one purpose. */
export function deriveSecret(masterKey: Buffer, purpose: SecretPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, 'pi-gateway', purpose, 32));
}
