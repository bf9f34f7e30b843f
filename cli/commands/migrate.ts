// `pi migrate [up|down]`: the schema to its newest state with all that a service needs which is not its owner, or one step
// back.

import { migrate } from '@pi-gateway/auth/db/migrate.ts';
import { prepareDatabase } from '@pi-gateway/auth/db/prepare-database.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { Argument, type Command } from 'commander';
import { readCliSettings } from '../auth-settings.ts';
import { type Io, printAnswer } from '../io.ts';

export function addMigrate(parent: Command, io: Io): void {
  parent
    .command('migrate')
    .description('bring the database schema up to date, or take one step back (down)')
    .addArgument(new Argument('[direction]').choices(['up', 'down']).default('up'))
    .option('--json', 'answer as JSON')
    .action(async (direction: 'up' | 'down', options: { json?: true }) => {
      const { ownerUrl, databaseUrl } = readCliSettings(io);
      const log = createLog({ service: 'pi', level: 'error' });
      const migrations =
        direction === 'down'
          ? await migrate(ownerUrl, direction)
          : (await prepareDatabase({ ownerUrl, servingUrl: databaseUrl, log })).migrations;
      const text = migrations.length === 0 ? 'nothing to do' : `${direction}: ${migrations.join(', ')}`;
      printAnswer(io, { text, json: { direction, migrations } }, options.json);
    });
}
