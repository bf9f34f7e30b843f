// A change of an account's rights from the command line: the same transaction as by the API, without an actor.
// Auth and gateways learn of it from the feed (Redis) or from auth's table.

import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import type { Database, Queryable } from '@pi-gateway/auth/db/database.ts';
import type { WantedChange } from '@pi-gateway/auth/domain/decide-user-change.ts';
import { encodeUser } from '@pi-gateway/auth/http/encode-rows.ts';
import { recordRefusedChange, saveUserChange } from '@pi-gateway/auth/rights/save-user-change.ts';
import { listUsers, type User } from '@pi-gateway/auth/store/users.ts';
import { problems } from '@pi-gateway/problem/problems.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { CliSettings } from './auth-settings.ts';
import { CliError } from './cli-error.ts';
import { canForgive, forgiveFailures } from './forgive-failures.ts';
import { type Io, printAnswer } from './io.ts';
import { nameAccount } from './name-account.ts';
import { publishRevocations } from './publish-revocations.ts';
import { readEmail } from './read-email.ts';
import { withDatabase } from './with-database.ts';

const operator = { ...noOrigin, actorId: null, sessionId: null, data: { via: 'pi' } };

/** Changes and answers. `named` is an id or an address. Enabling also lifts the lock of too many failed logins. */
export async function changeUser(
  io: Io,
  named: string,
  wanted: WantedChange,
  asJson: boolean | undefined,
): Promise<void> {
  const user = await withDatabase(io, async (db, settings) => {
    const changed = await save(db, settings, named, wanted);
    if (wanted.disabled === false) await forgiveFailures(settings, changed.email);
    return changed;
  });
  const state = user.isDisabled ? 'disabled' : 'enabled';
  printAnswer(io, { text: `${user.email} is ${user.role}, ${state}`, json: encodeUser(user) }, asJson);
}

async function save(db: Database, settings: CliSettings, named: string, wanted: WantedChange): Promise<User> {
  const id = isUuidV7(named) ? named : await findIdByEmail(db, settings, readEmail(named), wanted);
  const deps = { config: settings, unlocks: canForgive(settings) };
  const change =
    id === undefined
      ? undefined
      : await db.transaction((tx) => saveUserChange(tx, deps, id, wanted, operator));
  if (change?.kind === 'last_admin') throw new CliError(1, problems.last_admin.detail);
  // Nobody can take rights from the operator: what is left is an account that is not there.
  if (change?.kind !== 'saved') throw new CliError(1, `there is no account ${named}`);
  await publishRevocations(settings.redisUrl, change.revocations);
  return change.user;
}

/** Undefined: there is no such account, and that it was wanted changed or erased is recorded. */
export async function findIdByEmail(
  db: Queryable,
  settings: CliSettings,
  email: string,
  wanted: Parameters<typeof recordRefusedChange>[3],
): Promise<string | undefined> {
  const [user] = await listUsers(db, { email, role: undefined, disabled: undefined }, undefined, 1);
  if (user === undefined) {
    const account = nameAccount(settings, email);
    const origin = { ...operator, ...(account === undefined ? {} : { personal: { account } }) };
    await recordRefusedChange(db, null, 'not_found', wanted, origin);
  }
  return user?.id;
}
