// The refresh token: `pir_` + base64url(version ‖ session id ‖ generation ‖ nonce ‖ HMAC-SHA-256). The MAC
// needs the master key, the nonce is in no database: neither alone forges a token. Every token of a session
// holds the same nonce, so that the holder of the predecessor can be given its successor once more.

import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readUuid, writeUuid } from '@pi-gateway/uuid/uuid-bytes.ts';

export type RefreshToken = {
  readonly sessionId: string;
  /** 1 for the token of the login. */
  readonly generation: number;
  /** 32 bytes. */
  readonly nonce: Buffer;
};

const prefix = 'pir_';
const version = 1;
const nonceAt = 21;
const macAt = nonceAt + 32;
const length = macAt + 32;
const textLength = prefix.length + Math.ceil((length * 4) / 3);

/** 256 bits that make a session's tokens unguessable. */
export function newNonce(): Buffer {
  return randomBytes(32);
}

/** What the database may know of a nonce. */
export function hashNonce(nonce: Buffer): Buffer {
  return hash('sha256', nonce, 'buffer');
}

export function encodeRefreshToken({ sessionId, generation, nonce }: RefreshToken, macKey: Buffer): string {
  const bytes = Buffer.alloc(length);
  bytes[0] = version;
  writeUuid(bytes, 1, sessionId);
  bytes.writeUInt32BE(generation, 17);
  nonce.copy(bytes, nonceAt);
  mac(bytes, macKey).copy(bytes, macAt);
  return prefix + bytes.toString('base64url');
}

/** The token inside a text, or undefined for anything we have not made ourselves. Makes no query. */
export function readRefreshToken(text: string, macKey: Buffer): RefreshToken | undefined {
  if (text.length !== textLength || !text.startsWith(prefix)) return undefined;
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
  // One text per token: other alphabets, padding and stray trailing bits do not survive the way back.
  if (bytes.length !== length || bytes.toString('base64url') !== text.slice(prefix.length)) return undefined;
  if (!timingSafeEqual(bytes.subarray(macAt), mac(bytes, macKey)) || bytes[0] !== version) return undefined;
  return {
    sessionId: readUuid(bytes, 1),
    generation: bytes.readUInt32BE(17),
    nonce: bytes.subarray(nonceAt, macAt),
  };
}

function mac(bytes: Buffer, macKey: Buffer): Buffer {
  return createHmac('sha256', macKey).update(bytes.subarray(0, macAt)).digest();
}
