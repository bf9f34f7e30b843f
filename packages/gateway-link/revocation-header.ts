// Revocations on the answer of a forwarded request, so that the gateway that carried it enforces them before
// the client hears of them. More than fit into a header are left to the feed.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { fromWire, toWire } from '@pi-gateway/revocation/revocation-wire.ts';

/** On answers of auth to a proven gateway; the gateway removes it. */
export const revocationsHeader = 'x-pi-revocations';

const perHeaderMax = 50;

/** base64url of a JSON array with the fields of `/internal/revocations`. */
export function encodeRevocations(revocations: readonly Revocation[]): string {
  const rows = revocations.slice(0, perHeaderMax).map(toWire);
  return Buffer.from(JSON.stringify(rows)).toString('base64url');
}

/** @throws {Error} when the text is not what `encodeRevocations` makes. */
export function decodeRevocations(text: string): Revocation[] {
  return readRevocations(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
}

/** Reads the array of `/internal/revocations` as well. @throws {Error} on anything odd. */
export function readRevocations(json: unknown): Revocation[] {
  if (!Array.isArray(json)) throw new Error('revocations: not an array');
  return json.map((row) => {
    const revocation = fromWire(row);
    if (revocation === undefined) throw new Error('revocations: a malformed row');
    return revocation;
  });
}
