// Adds a seal to the chain, for whoever has something to state: that events are there, that a key follows, that
// retention dropped a month. Only onto a seal that one of our keys signed.

import {
  hashSeal,
  isSignedBy,
  makeSeal,
  type Place,
  readSeal,
  type Seal,
  type SealBody,
} from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';
import { findLastSeal, insertSeal, readSealTime } from '../store/audit-seals.ts';
import type { AuditKeys } from './audit-keys.ts';

/**
 * The end of the chain; undefined: nothing was sealed yet. Only under `lockSealing`.
 * @throws {Error} when somebody else has put it there.
 */
export async function findTrustedSeal(tx: Queryable, keys: AuditKeys): Promise<Seal | undefined> {
  const row = await findLastSeal(tx);
  if (row === undefined) return undefined;
  const seal = readSeal(row.text, row.signature);
  const key = seal === undefined ? undefined : keys.get(seal.statement.kid);
  if (
    seal?.statement.number !== row.number ||
    key === undefined ||
    !isSignedBy(hashSeal(seal.text), seal.signature, key.publicKey)
  ) {
    throw new Error(`seal ${row.number} of the audit log is not one of ours: pi audit verify tells more`);
  }
  return seal;
}

export type NewSeal = {
  readonly previous: Seal | undefined;
  readonly body: SealBody;
  readonly through: Place;
  readonly entries?: Buffer;
};

/** Signs with the newest of `keys`. */
export async function appendSeal(
  tx: Queryable,
  keys: AuditKeys,
  { previous, body, through, entries }: NewSeal,
): Promise<Seal> {
  const signer = [...keys.values()].at(-1)!;
  const seal = makeSeal(previous, body, through, { ...signer, at: await readSealTime(tx) });
  await insertSeal(tx, seal, entries);
  return seal;
}
