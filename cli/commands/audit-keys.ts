// `pi audit keys`: the public keys of the audit log as a JWKS, to be kept apart from it, with their thumbprints.

import { thumbprint } from '@pi-gateway/auth/proving/trusted-keys.ts';
import { listAuditKeys } from '@pi-gateway/auth/store/audit-keys.ts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { withDatabase } from '../with-database.ts';

export function addAuditKeys(parent: Command, io: Io): void {
  parent
    .command('keys')
    .description('print the public keys that seal the log (JWKS); keep them apart from the database')
    .option('--thumbprints', 'print their thumbprints (RFC 7638) instead, a line each')
    .action(async (options: { thumbprints?: true }) => {
      const rows = await withDatabase(io, (db) => listAuditKeys(db));
      const keys = rows.map(({ publicJwk }) => publicJwk);
      io.out(
        options.thumbprints === true
          ? keys.map((jwk) => `${thumbprint(jwk)}\n`).join('')
          : `${JSON.stringify({ keys }, null, 2)}\n`,
      );
    });
}
