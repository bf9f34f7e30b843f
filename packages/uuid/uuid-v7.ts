// UUIDv7 (RFC 9562 section 5.7) whose 12 bits after the version carry the fraction of the millisecond
// (section 6.2, method 3), so that an id tells its time to within a quarter of a microsecond.

import { randomBytes } from 'node:crypto';

// Drawn and written out in bulk: for each id by itself either would cost more than all the rest of it.
const idsDrawn = 256;
const bytesEach = 8;
let tails = '';
let usedTails = idsDrawn;

/** Sixteen hexadecimal digits: the variant's two bits, then 62 random ones. */
function drawTail(): string {
  if (usedTails === idsDrawn) {
    const random = randomBytes(idsDrawn * bytesEach);
    for (let at = 0; at < random.length; at += bytesEach) random[at] = (random[at]! & 0x3f) | 0x80;
    tails = random.toString('hex');
    usedTails = 0;
  }
  const at = usedTails++ * bytesEach * 2;
  return `${tails.slice(at, at + 4)}-${tails.slice(at + 4, at + 16)}`;
}

// Under load many ids are made in one millisecond.
let knownMillis = Number.NaN;
let knownTime = '';

function timeOf(millis: number): string {
  if (millis !== knownMillis) {
    const time = millis.toString(16).padStart(12, '0');
    knownMillis = millis;
    knownTime = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  return knownTime;
}

/** A new id for an instant given in microseconds since the Unix epoch (a whole number). */
export function uuidV7(unixMicros: number): string {
  const millis = Math.floor(unixMicros / 1000);
  // Rounded up, so that reading the time back (rounded down) gives the same microsecond.
  const fraction = Math.ceil(((unixMicros - millis * 1000) * 4096) / 1000);
  return `${timeOf(millis)}${fraction.toString(16).padStart(3, '0')}-${drawTail()}`;
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
