// How a secret rests in the database: AES-256-GCM under a key derived from the master key, the id of its row
// authenticated with it, so that two rows of a table cannot be swapped. nonce ‖ ciphertext ‖ tag.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** `sealKey`: 32 bytes. */
export function sealBytes(plain: Buffer, id: string, sealKey: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws {Error} when it was sealed under another key or id, or was changed. */
export function openSealedBytes(sealed: Buffer, id: string, sealKey: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

/** The same secret under another key. @throws {Error} as `openSealedBytes`. */
export function resealBytes(sealed: Buffer, id: string, sealKey: Buffer, nextSealKey: Buffer): Buffer {
  return sealBytes(openSealedBytes(sealed, id, sealKey), id, nextSealKey);
}
