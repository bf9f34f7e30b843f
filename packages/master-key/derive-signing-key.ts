// A key for ES256 signatures out of the master key: the same in every process that has it, so that nothing has to be
// shared, stored or agreed on. FIPS 186-5 appendix A.2.1: 64 bits more than the scalar has are drawn (here 128), so that
// the remainder favours no scalar.

import { createECDH, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What a derived key signs; the text is part of the HKDF info and must never change. */
export type SigningPurpose = 'gateway-identity/v1';

// The order of P-256's base point (SEC 2, section 2.4.2).
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const drawnBytes = 48;

/** The private key of one purpose and generation; two generations tell nothing of each other. */
export function deriveSigningKey(masterKey: Buffer, purpose: SigningPurpose, generation: string): KeyObject {
  const info = `${purpose}/${generation}`;
  const drawn = Buffer.from(hkdfSync('sha256', masterKey, 'pi-gateway', info, drawnBytes));
  const scalar = (BigInt(`0x${drawn.toString('hex')}`) % (order - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey(); // 0x04 ‖ x ‖ y
  const text = (bytes: Buffer) => bytes.toString('base64url');
  const key = {
    kty: 'EC',
    crv: 'P-256',
    d: text(d),
    x: text(point.subarray(1, 33)),
    y: text(point.subarray(33)),
  };
  return createPrivateKey({ key, format: 'jwk' });
}
