// `pi user create`: an account made by the operator. Its password is judged by the very rules of a registration;
// without one, one is made and shown once.

import { randomBytes } from 'node:crypto';
import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { openLeakedPasswords } from '@pi-gateway/auth/crypto/leaked-passwords.ts';
import { createPasswordHash } from '@pi-gateway/auth/crypto/password-hash.ts';
import { encodeUser } from '@pi-gateway/auth/http/encode-rows.ts';
import { isFreeOfLeaks, judgeNewPassword } from '@pi-gateway/auth/registration/judge-new-password.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { insertUser } from '@pi-gateway/auth/store/users.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { type Command, Option } from 'commander';
import type { CliSettings } from '../auth-settings.ts';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { readEmail } from '../read-email.ts';
import { readPassword } from '../read-password.ts';
import { withDatabase } from '../with-database.ts';

type Options = { role: 'user' | 'admin'; passwordFile?: string; json?: true };

export function addUserCreate(parent: Command, io: Io): void {
  parent
    .command('create')
    .description('make an account')
    .argument('<email>', 'its address')
    .addOption(new Option('--role <role>', 'its role').choices(['user', 'admin']).default('user'))
    .option(
      '--password-file <path>',
      'read the password from a file, or - for standard input (a terminal is asked, without showing it)',
    )
    .option('--json', 'answer as JSON')
    .allowExcessArguments() // the refusal would repeat what was meant as a password
    .action(async (address: string, options: Options, command: Command) => {
      if (command.args.length > 1) {
        command.error('error: only an address is taken here; a password comes by --password-file');
      }
      const email = readEmail(address);
      const generated =
        options.passwordFile === undefined ? randomBytes(18).toString('base64url') : undefined;
      const typed = generated ?? (await readPassword(io, options.passwordFile ?? '-'));
      const user = await withDatabase(io, async (db, settings) => {
        const passwordHash = await hashPassword(typed, email, settings);
        return db.transaction(async (tx) => {
          const created = await insertUser(tx, { email, passwordHash, role: options.role });
          if (created === undefined) throw new CliError(1, `an account with ${email} exists already`);
          await insertAuditEvent(tx, {
            ...noOrigin,
            event: 'user.registered',
            outcome: 'success',
            actorId: null,
            targetId: created.id,
            sessionId: null,
            data: { role: options.role, via: 'pi' },
          });
          return created;
        });
      });
      const shown = generated === undefined ? '' : `\npassword: ${generated}   (shown only now)`;
      const json = { ...encodeUser(user), ...(generated === undefined ? {} : { password: generated }) };
      printAnswer(io, { text: `${user.email} is ${user.role}, id ${user.id}${shown}`, json }, options.json);
    });
}

async function hashPassword(typed: string, email: string, settings: CliSettings): Promise<string> {
  const decision = await judgeNewPassword({ config: settings }, typed, email);
  if (decision.kind === 'refused') throw new CliError(1, `the password ${decision.details.join(', ')}`);
  const leakedPasswords = openLeakedPasswords(settings, createLog({ service: 'pi', level: 'warn' }));
  if (!(await isFreeOfLeaks({ leakedPasswords, metrics: undefined }, decision.password))) {
    throw new CliError(1, 'the password is among leaked passwords');
  }
  const hasher = createPasswordHash({
    memoryKib: settings.passwordHashMemoryKib,
    passes: settings.passwordHashPasses,
  });
  return hasher.hash(decision.password);
}
