// `pi keys revoke`: withdraws a signing key that somebody else may have. Every token it signed is dead within a
// second on every auth process and gateway; clients get new ones with their refresh tokens.

import { revokeSigningKey } from '@pi-gateway/auth/keys/change-signing-keys.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { publishRevocations } from '../publish-revocations.ts';
import { readSealKey } from '../read-master-key.ts';
import { withDatabase } from '../with-database.ts';

export function addKeysRevoke(parent: Command, io: Io): void {
  parent
    .command('revoke')
    .description('withdraw a signing key at once; every token it signed is dead')
    .argument('<kid>', 'its id, as pi keys list shows it')
    .option('--json', 'answer as JSON')
    .action(async (kid: string, options: { json?: true }) => {
      const { replacedBy } = await withDatabase(io, async (db, settings) => {
        const revoked = await revokeSigningKey(db, readSealKey(settings), kid);
        if (revoked === undefined) throw new CliError(1, `there is no key ${kid}`);
        await publishRevocations(settings.redisUrl, revoked.revocations);
        return revoked;
      });
      const text = `${kid} is withdrawn; ${replacedBy === undefined ? 'it did not sign' : `${replacedBy} signs now`}`;
      printAnswer(io, { text, json: { kid, replaced_by: replacedBy ?? null } }, options.json);
    });
}
