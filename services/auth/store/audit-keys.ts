// Table audit_keys: the keys that seal the audit log. None is ever removed, for what it sealed stays.

import type { NewSigningKey, PublicJwk } from '../crypto/signing-key.ts';
import type { Queryable } from '../db/database.ts';

export type AuditKeyRow = {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateSealed: Buffer;
};

/** The oldest first. */
export async function listAuditKeys(db: Queryable): Promise<AuditKeyRow[]> {
  return db.query<AuditKeyRow>({
    name: 'list-audit-keys',
    text: `select kid, public_jwk as "publicJwk", private_sealed as "privateSealed"
      from audit_keys order by created_at, kid`,
    values: [],
  });
}

/** Only under `lockSealing`. */
export async function insertAuditKey(db: Queryable, key: NewSigningKey): Promise<void> {
  await db.query({
    name: 'insert-audit-key',
    text: `insert into audit_keys (kid, public_jwk, private_sealed, created_at)
      values ($1, $2, $3, clock_timestamp())`,
    values: [key.kid, key.publicJwk, key.privateSealed],
  });
}

/** The same key, sealed anew. Only by the owner of the schema, and only under `lockSealing`. */
export async function resealAuditKey(db: Queryable, kid: string, privateSealed: Buffer): Promise<void> {
  await db.query({
    name: 'reseal-audit-key',
    text: 'update audit_keys set private_sealed = $2 where kid = $1',
    values: [kid, privateSealed],
  });
}
