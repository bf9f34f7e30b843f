// `pi user disable`: nobody signs in with this account any more; its sessions and tokens are dead at once.

import type { Command } from 'commander';
import { changeUser } from '../change-user.ts';
import type { Io } from '../io.ts';

export function addUserDisable(parent: Command, io: Io): void {
  parent
    .command('disable')
    .description('disable an account; its sessions and tokens are dead at once')
    .argument('<user>', 'its id or address')
    .option('--json', 'answer as JSON')
    .action((user: string, options: { json?: true }) =>
      changeUser(io, user, { disabled: true }, options.json),
    );
}
