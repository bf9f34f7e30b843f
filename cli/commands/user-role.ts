// `pi user role`: a user's new role; access tokens issued before are dead at once.

import { Argument, type Command } from 'commander';
import { changeUser } from '../change-user.ts';
import type { Io } from '../io.ts';

export function addUserRole(parent: Command, io: Io): void {
  parent
    .command('role')
    .description('change the role of an account; tokens issued before are dead at once')
    .argument('<user>', 'its id or address')
    .addArgument(new Argument('<role>', 'the new role').choices(['user', 'admin']))
    .option('--json', 'answer as JSON')
    .action((user: string, role: 'user' | 'admin', options: { json?: true }) =>
      changeUser(io, user, { role }, options.json),
    );
}
