// The first admin, made when no admin exists. His password is announced before the commit: a crash in between
// leaves no account, and the next start makes and announces another; a password is never lost with its account made.

import { randomInt } from 'node:crypto';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { noOrigin } from '../audit/audit-event.ts';
import type { AuthConfig } from '../config.ts';
import type { PasswordHash } from '../crypto/password-hash.ts';
import type { Database } from '../db/database.ts';
import { canonicalEmail } from '../domain/canonical-email.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { countAdmins, lockAdmins } from '../store/user-rights.ts';
import { insertUser } from '../store/users.ts';
import { judgeNewPassword } from './judge-new-password.ts';

export type FirstAdmin = { readonly email: string; readonly password: string };

type Deps = { readonly db: Database; readonly config: AuthConfig; readonly passwordHash: PasswordHash };

// Without the letters and digits that people confuse; 24 of 32 make 120 bits.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789-';
const passwordLength = 24;

/**
 * @param announce is called before the account is committed, only with a password that was generated.
 * @returns the admin whose password was generated just now; undefined when there is an admin already or
 * ADMIN_PASSWORD was given.
 * @throws {SettingError} when ADMIN_EMAIL or ADMIN_PASSWORD cannot be used.
 */
export async function makeFirstAdmin(
  { db, config, passwordHash }: Deps,
  announce: (admin: FirstAdmin) => void,
): Promise<FirstAdmin | undefined> {
  if ((await countAdmins(db)) > 0) return undefined;
  const given = await readAdmin(config);
  const admin = { email: given.email, password: given.password ?? generatePassword() };
  const hash = await passwordHash.hash(admin.password);
  return db.transaction(async (tx) => {
    await lockAdmins(tx); // of two processes that start at once, one makes him
    if ((await countAdmins(tx)) > 0) return undefined;
    const user = await insertUser(tx, { email: admin.email, passwordHash: hash, role: 'admin' });
    if (user === undefined)
      throw new SettingError(`ADMIN_EMAIL: ${admin.email} is a user already, but no admin`);
    await insertAuditEvent(tx, {
      ...noOrigin,
      event: 'user.registered',
      outcome: 'success',
      actorId: null,
      targetId: user.id,
      sessionId: null,
      data: { first_admin: true },
    });
    if (given.password !== undefined) return undefined;
    announce(admin);
    return admin;
  });
}

async function readAdmin(config: AuthConfig) {
  const address = canonicalEmail(config.adminEmail);
  if (address.kind === 'refused') throw new SettingError(`ADMIN_EMAIL: ${address.detail}`);
  const { email } = address;
  if (config.adminPassword === undefined) return { email, password: undefined };
  const decision = await judgeNewPassword({ config }, config.adminPassword, email);
  if (decision.kind === 'refused') throw new SettingError(`ADMIN_PASSWORD: ${decision.details.join(', ')}`);
  return { email, password: decision.password };
}

function generatePassword(): string {
  return Array.from({ length: passwordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}
