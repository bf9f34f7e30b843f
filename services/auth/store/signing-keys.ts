// Table signing_keys. Making and removing keys is serialised by a lock; reading is free.

import type { NewSigningKey, PublicJwk } from '../crypto/signing-key.ts';
import type { Queryable } from '../db/database.ts';

export type SigningKeyRow = {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateSealed: Buffer;
  /** Microseconds: signs from then on. */
  readonly activeAt: number;
};

/** One process at a time decides on keys, until the end of the transaction. */
export async function lockSigningKeys(db: Queryable): Promise<number> {
  await db.query({ name: 'lock-signing-keys', text: 'select pg_advisory_xact_lock(5114071207)', values: [] });
  const [clock] = await db.query<{ now: number }>({
    name: 'read-clock',
    text: 'select micros(clock_timestamp()) as now',
    values: [],
  });
  return clock!.now;
}

export async function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.query<SigningKeyRow>({
    name: 'list-signing-keys',
    text: `select kid, public_jwk as "publicJwk", private_sealed as "privateSealed",
        micros(active_at) as "activeAt"
      from signing_keys order by active_at, kid`,
    values: [],
  });
}

/** `activeAt` in microseconds. */
export async function insertSigningKey(db: Queryable, key: NewSigningKey, activeAt: number): Promise<void> {
  await db.query({
    name: 'insert-signing-key',
    text: `insert into signing_keys (kid, public_jwk, private_sealed, created_at, active_at)
      values ($1, $2, $3, clock_timestamp(), from_micros($4))`,
    values: [key.kid, key.publicJwk, key.privateSealed, activeAt],
  });
}

export async function deleteSigningKeys(db: Queryable, kids: readonly string[]): Promise<void> {
  await db.query({
    name: 'delete-signing-keys',
    text: 'delete from signing_keys where kid = any($1)',
    values: [kids],
  });
}
