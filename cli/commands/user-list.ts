// `pi user list`: accounts, newest first.

import { encodeUser } from '@pi-gateway/auth/http/encode-rows.ts';
import { listUsers, type User } from '@pi-gateway/auth/store/users.ts';
import { type Command, Option } from 'commander';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { nameAccount } from '../name-account.ts';
import { readEmail } from '../read-email.ts';
import { readLimit } from '../read-limit.ts';
import { recordOperatorRead } from '../record-operator-read.ts';
import { withDatabase } from '../with-database.ts';

type Options = { email?: string; role?: 'user' | 'admin'; disabled?: true; limit: number; json?: true };

export function addUserList(parent: Command, io: Io): void {
  parent
    .command('list')
    .description('list accounts, newest first')
    .option('--email <address>', 'only this address')
    .addOption(new Option('--role <role>', 'only this role').choices(['user', 'admin']))
    .option('--disabled', 'only disabled ones')
    .option('--limit <count>', 'at most so many (1 to 200)', readLimit, 50)
    .option('--json', 'answer as JSON')
    .action(async (options: Options) => {
      const email = options.email === undefined ? undefined : readEmail(options.email);
      const filter = { email, role: options.role, disabled: options.disabled };
      const users = await withDatabase(io, async (db, settings) => {
        const found = await listUsers(db, filter, undefined, options.limit);
        const asked = { role: filter.role, disabled: filter.disabled };
        // By the name that the services give the address and, where no master key is at hand, by the account that has it.
        const account = email === undefined ? undefined : nameAccount(settings, email);
        const whose = email === undefined ? null : found[0]?.id;
        await recordOperatorRead(db, 'users.listed', asked, { account }, whose);
        return found;
      });
      const text = formatTable(users.map(userRow), 'no accounts');
      printAnswer(io, { text, json: { items: users.map(encodeUser) } }, options.json);
    });
}

function userRow(user: User): Record<string, string> {
  const { id, email, role, disabled, created_at, last_login_at } = encodeUser(user);
  const state = disabled ? 'disabled' : 'enabled';
  return { id, email, role, state, created_at, last_login_at: last_login_at ?? 'never' };
}
