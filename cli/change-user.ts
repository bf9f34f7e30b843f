// A change of an account's rights from the command line: the same locks, decision, event and revocations as by
// the API, in one transaction. Auth and gateways learn of it from the feed (Redis) or from auth's table.

import { type AuditEventName, noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { decideUserChange, type WantedChange } from '@pi-gateway/auth/domain/decide-user-change.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { insertRevocations } from '@pi-gateway/auth/store/revocations.ts';
import { revokeSessionsOfUser } from '@pi-gateway/auth/store/sessions.ts';
import {
  countOtherLivingAdmins,
  listUsers,
  lockAdmins,
  lockUser,
  saveUserRights,
  type User,
} from '@pi-gateway/auth/store/users.ts';
import { problems } from '@pi-gateway/problem/problems.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { CliError } from './cli-error.ts';
import { type Io, printAnswer } from './io.ts';
import { publishRevocations } from './publish-revocations.ts';
import { readEmail } from './read-email.ts';
import { userJson } from './user-answer.ts';
import { withDatabase } from './with-database.ts';

type Changed = { readonly user: User; readonly revocations: readonly Revocation[] };

/** Changes and answers. `named` is an id or an address. */
export async function changeUser(
  io: Io,
  named: string,
  wanted: WantedChange,
  asJson: boolean | undefined,
): Promise<void> {
  const user = await withDatabase(io, async (db, settings) => {
    const tokenLifeSeconds = settings.accessTokenTtlSeconds + settings.clockSkewSeconds;
    const id = isUuidV7(named) ? named : await findIdByEmail(db, readEmail(named));
    const changed =
      id === undefined
        ? undefined
        : await db.transaction((tx) => saveChange(tx, id, wanted, tokenLifeSeconds));
    if (changed === undefined) throw new CliError(1, `there is no account ${named}`);
    await publishRevocations(settings.redisUrl, changed.revocations);
    return changed.user;
  });
  const state = user.isDisabled ? 'disabled' : 'enabled';
  printAnswer(io, { text: `${user.email} is ${user.role}, ${state}`, json: userJson(user) }, asJson);
}

async function findIdByEmail(db: Queryable, email: string): Promise<string | undefined> {
  const [user] = await listUsers(db, { email, role: undefined, disabled: undefined }, undefined, 1);
  return user?.id;
}

/** Undefined: there is no such account. */
async function saveChange(
  tx: Queryable,
  id: string,
  wanted: WantedChange,
  tokenLifeSeconds: number,
): Promise<Changed | undefined> {
  await lockAdmins(tx);
  const user = await lockUser(tx, id);
  if (user === undefined) return undefined;
  const change = decideUserChange(user, wanted, await countOtherLivingAdmins(tx, id));
  if (change.kind === 'none') return { user, revocations: [] };
  if (change.kind === 'last_admin') throw new CliError(1, problems.last_admin.detail);
  const rights = {
    role: change.role?.to ?? user.role,
    isDisabled: change.disabled === undefined ? user.isDisabled : change.disabled === 'disabled',
  };
  const saved = await saveUserRights(tx, id, rights);
  const write = (event: AuditEventName, data: object) =>
    insertAuditEvent(tx, {
      ...noOrigin,
      event,
      outcome: 'success',
      actorId: null,
      targetId: id,
      sessionId: null,
      data: { ...data, via: 'pi' },
    });
  if (change.role !== undefined) await write('user.role_changed', change.role);
  if (change.disabled === 'disabled') {
    const ended = await revokeSessionsOfUser(tx, id, 'disabled');
    await write('user.disabled', { sessions_ended: ended.length });
  }
  if (change.disabled === 'enabled') await write('user.enabled', {});
  const revocations = await insertRevocations(
    tx,
    [{ kind: 'user', id, notBefore: saved.notBefore }],
    tokenLifeSeconds,
  );
  return { user: saved.user, revocations };
}
