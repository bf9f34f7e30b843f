// `pi audit prove`: a proof that one event was sealed, for somebody who is given nothing else of the log.

import { readSnapshot } from '@pi-gateway/auth/db/read-snapshot.ts';
import { makeProof } from '@pi-gateway/auth/proving/make-proof.ts';
import type { Command } from 'commander';
import { readCliSettings } from '../auth-settings.ts';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { readId } from '../read-id.ts';

const refusals = {
  unknown_event: 'there is no such event',
  not_sealed: 'no seal holds the event yet: try again in AUDIT_SEAL_SECONDS',
  does_not_hold: 'the event is not as it was sealed: pi audit verify tells more',
};

export function addAuditProve(parent: Command, io: Io): void {
  parent
    .command('prove')
    .description('print a proof (JSON) that an event was sealed, which pi audit check-proof checks anywhere')
    .argument('<id>', 'of the event', readId)
    .option('--personal', 'with IP, user agent and what else the event says of a person')
    .action(async (id: string, options: { personal?: true }) => {
      const { databaseUrl } = readCliSettings(io);
      const made = await readSnapshot(databaseUrl, (snapshot) =>
        makeProof(snapshot, id, options.personal === true),
      );
      if (made.kind !== 'proof') throw new CliError(1, refusals[made.kind]);
      io.out(`${JSON.stringify(made.proof, null, 2)}\n`);
    });
}
