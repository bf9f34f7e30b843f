// UUIDv7 (RFC 9562 section 5.7) whose 12 bits after the version carry the fraction of the millisecond
// (section 6.2, method 3), so that an id tells its time to within a quarter of a microsecond.

import { randomBytes } from 'node:crypto';

const pool = Buffer.allocUnsafe(8 * 256);
let used = pool.length;

function random8(): Buffer {
  if (used === pool.length) {
    randomBytes(pool.length).copy(pool);
    used = 0;
  }
  used += 8;
  return pool.subarray(used - 8, used);
}

/** A new id for an instant given in microseconds since the Unix epoch (a whole number). */
export function uuidV7(unixMicros: number): string {
  const millis = Math.floor(unixMicros / 1000);
  // Rounded up, so that reading the time back (rounded down) gives the same microsecond.
  const fraction = Math.ceil(((unixMicros - millis * 1000) * 4096) / 1000);
  const time = millis.toString(16).padStart(12, '0');
  const random = random8();
  random[0] = (random[0]! & 0x3f) | 0x80;
  const tail = random.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${fraction.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for the one textual form we issue: lower case, version 7, RFC variant. */
export function isUuidV7(text: string): boolean {
  return form.test(text);
}

/** The instant inside an id made by `uuidV7`, in microseconds since the Unix epoch. */
export function uuidV7Micros(id: string): number {
  const millis = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return millis * 1000 + Math.floor((Number.parseInt(id.slice(15, 18), 16) * 1000) / 4096);
}

/** The least id of an instant: every id made then or later sorts at or after it, every earlier one before. */
export function uuidV7Floor(unixMicros: number): string {
  return `${uuidV7(unixMicros).slice(0, 18)}-0000-000000000000`;
}
