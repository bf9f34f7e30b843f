// `pi user enable`: the account may sign in again, also when too many failed logins had locked it (counted in
// Redis); sessions from before stay dead.

import type { Command } from 'commander';
import { changeUser } from '../change-user.ts';
import type { Io } from '../io.ts';

export function addUserEnable(parent: Command, io: Io): void {
  parent
    .command('enable')
    .description('enable a disabled account; sessions from before stay dead')
    .argument('<user>', 'its id or address')
    .option('--json', 'answer as JSON')
    .action((user: string, options: { json?: true }) =>
      changeUser(io, user, { disabled: false }, options.json),
    );
}
