// `pi user create`: an account made by the operator, under the same rules as a registration. The password comes
// from standard input or a file, never from an argument that others could read in the process list; without
// either one is made and shown once.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { loadCommonPasswords } from '@pi-gateway/auth/crypto/common-passwords.ts';
import { createPasswordHash } from '@pi-gateway/auth/crypto/password-hash.ts';
import { decidePassword } from '@pi-gateway/auth/domain/decide-password.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { insertUser } from '@pi-gateway/auth/store/users.ts';
import { type Command, Option } from 'commander';
import type { CliSettings } from '../auth-settings.ts';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { readEmail } from '../read-email.ts';
import { userJson } from '../user-answer.ts';
import { withDatabase } from '../with-database.ts';

type Options = { role: 'user' | 'admin'; passwordFile?: string; json?: true };

export function addUserCreate(parent: Command, io: Io): void {
  parent
    .command('create')
    .description('make an account')
    .argument('<email>', 'its address')
    .addOption(new Option('--role <role>', 'its role').choices(['user', 'admin']).default('user'))
    .option('--password-file <path>', 'read the password from a file, or - for standard input')
    .option('--json', 'answer as JSON')
    .action(async (address: string, options: Options) => {
      const email = readEmail(address);
      const generated =
        options.passwordFile === undefined ? randomBytes(18).toString('base64url') : undefined;
      const typed = generated ?? readPasswordFile(options.passwordFile ?? '-');
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
      const json = { ...userJson(user), ...(generated === undefined ? {} : { password: generated }) };
      printAnswer(io, { text: `${user.email} is ${user.role}, id ${user.id}${shown}`, json }, options.json);
    });
}

function readPasswordFile(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new CliError(1, `cannot read the password from ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function hashPassword(typed: string, email: string, settings: CliSettings): Promise<string> {
  const common = await loadCommonPasswords();
  const decision = decidePassword(typed, {
    lengthMin: settings.passwordMinLength,
    isCommon: (text) => common.has(text),
    email,
  });
  if (decision.kind === 'refused') throw new CliError(1, `the password ${decision.details.join(', ')}`);
  const hasher = createPasswordHash({
    memoryKib: settings.passwordHashMemoryKib,
    passes: settings.passwordHashPasses,
  });
  return hasher.hash(decision.password);
}
