// `pi keys list`: the signing keys that the database holds, and which one signs. Their private parts stay shut.

import { listSigningKeys } from '@pi-gateway/auth/store/signing-keys.ts';
import type { Command } from 'commander';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { withDatabase } from '../with-database.ts';

export function addKeysList(parent: Command, io: Io): void {
  parent
    .command('list')
    .description('list the signing keys')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }) => {
      const rows = await withDatabase(io, (db) => listSigningKeys(db));
      const nowMicros = Date.now() * 1000;
      const signing = rows.findLast((row) => row.activeAt <= nowMicros)?.kid;
      const keys = rows.map(({ kid, activeAt }) => ({
        kid,
        state: kid === signing ? 'signing' : activeAt > nowMicros ? 'next' : 'retired',
        active_at: new Date(activeAt / 1000).toISOString(),
      }));
      printAnswer(io, { text: formatTable(keys, 'no keys yet'), json: { items: keys } }, options.json);
    });
}
