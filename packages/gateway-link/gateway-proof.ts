// How our own gateway proves itself to auth: by a secret that both derive from the master key, one for the
// requests it forwards and one for its own calls. Nothing else (no address, not loopback) is believed.

import { timingSafeEqual } from 'node:crypto';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';

/** On every request the gateway forwards to the service named `auth`. */
export const forwardProofHeader = 'x-pi-gateway';
/** On the gateway's own calls to `/internal/*`; never on a forwarded request. */
export const callProofHeader = 'x-pi-call';

/** The value of `x-pi-gateway`. */
export function forwardProof(masterKey: Buffer): string {
  return deriveSecret(masterKey, 'gateway-forward-proof/v1').toString('base64url');
}

/** The value of `x-pi-call`. */
export function callProof(masterKey: Buffer): string {
  return deriveSecret(masterKey, 'gateway-call-proof/v1').toString('base64url');
}

/** Compares in constant time; a header that is missing or doubled proves nothing. */
export function isProof(expected: string, given: string | readonly string[] | undefined): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'));
}
