// Revocations as JSON between processes: on the Redis stream, from auth's internal endpoint, and in the header
// with which auth tells the gateway that carried a logout. Written here, read here, strict: a source may be
// shared or tampered with, and a revocation that makes no sense must not reach the table.

import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type Revocation, revocationKinds } from './revocation.ts';

export type WireRevocation = {
  readonly kind: Revocation['kind'];
  readonly id: string;
  /** Microseconds since the epoch. */
  readonly not_before: number;
  /** Seconds since the epoch. */
  readonly until: number;
};

export function toWire({ kind, id, notBefore, until }: Revocation): WireRevocation {
  return { kind, id, not_before: notBefore, until };
}

/** The revocation in a JSON value; undefined for anything that is none. */
export function fromWire(value: unknown): Revocation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, id, not_before: notBefore, until } = value as Readonly<Record<string, unknown>>;
  const known = revocationKinds.find((one) => one === kind);
  if (known === undefined) return undefined;
  if (typeof id !== 'string' || !isUuidV7(id)) return undefined;
  if (!isCount(notBefore) || !isCount(until)) return undefined;
  return { kind: known, id, notBefore, until };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
