// The erasure of a person: the account with its sessions, and everything in the audit log that tells of the person. The
// events stay and the chain holds, for they commit to the person by a salted hash, and the salt goes with the rest.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { noOrigin } from '../audit/audit-event.ts';
import type { Database, Queryable } from '../db/database.ts';
import { saveUserRevocation } from '../http/revoke.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { deletePendingRegistrationsOf, deleteSideRows, deleteUser, wasErased } from '../store/erasures.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';
import { countOtherLivingAdmins, lockAdmins, lockUser, saveUserRights } from '../store/user-rights.ts';
import { type ChangeOrigin, recordRefusedChange } from './save-user-change.ts';

export type Erased =
  | { readonly kind: 'unknown_user' }
  | { readonly kind: 'last_admin' }
  | {
      readonly kind: 'erased';
      /** Undefined: the account had been erased before; what came after that was swept. */
      readonly email: string | undefined;
      readonly sideRows: number;
      readonly sessionsEnded: number;
      /** To be announced after the commit. */
      readonly revocations: readonly Revocation[];
    };

type Deps = {
  readonly config: { readonly accessTokenTtlSeconds: number; readonly clockSkewSeconds: number };
  /** As attempts on an address are recorded. */
  readonly accountKey: (email: string) => string;
};

const operator: ChangeOrigin = { ...noOrigin, actorId: null, sessionId: null, data: { via: 'pi' } };

// An event is to stay small.
const idsPerEvent = 500;

/** `db`: as the owner of the schema. `formerEmail`: of an account that was erased before, when it is known. */
export function eraseUser(db: Database, deps: Deps, id: string, formerEmail?: string): Promise<Erased> {
  return db.transaction(async (tx) => {
    await lockAdmins(tx);
    const user = await lockUser(tx, id);
    if (user === undefined) {
      if (!(await wasErased(tx, id))) {
        await recordRefusedChange(tx, id, 'not_found', { erased: true }, operator);
        return { kind: 'unknown_user' };
      }
      const account = formerEmail && deps.accountKey(formerEmail);
      const sideRows = await eraseSideRows(tx, id, account, undefined);
      return { kind: 'erased', email: undefined, sideRows, sessionsEnded: 0, revocations: [] };
    }
    const isLivingAdmin = user.role === 'admin' && !user.isDisabled;
    if (isLivingAdmin && (await countOtherLivingAdmins(tx, id)) === 0) {
      await recordRefusedChange(tx, id, 'last_admin', { erased: true }, operator);
      return { kind: 'last_admin' };
    }
    const { notBefore } = await saveUserRights(tx, id, { role: user.role, isDisabled: true });
    const ended = await revokeSessionsOfUser(tx, id, 'disabled');
    const revocations = await saveUserRevocation(tx, deps, id, notBefore);
    await deletePendingRegistrationsOf(tx, user.email);
    const sideRows = await eraseSideRows(tx, id, deps.accountKey(user.email), ended.length);
    await deleteUser(tx, id);
    return { kind: 'erased', email: user.email, sideRows, sessionsEnded: ended.length, revocations };
  });
}

/** With the event that tells of it, by which a verification knows why they are gone. */
async function eraseSideRows(
  tx: Queryable,
  id: string,
  account: string | undefined,
  sessionsEnded: number | undefined,
): Promise<number> {
  const gone = await deleteSideRows(tx, id, account);
  if (gone.length === 0 && sessionsEnded === undefined) return 0;
  const unnamed = gone.filter(({ isNamed }) => !isNamed).map((row) => row.id);
  for (let at = 0; at === 0 || at < unnamed.length; at += idsPerEvent) {
    const of = unnamed.slice(at, at + idsPerEvent);
    const counts = at === 0 ? { side_rows: gone.length, sessions_ended: sessionsEnded ?? 0 } : {};
    await insertAuditEvent(tx, {
      ...operator,
      event: 'user.erased',
      outcome: 'success',
      targetId: id,
      data: { ...operator.data, ...counts, ...(of.length === 0 ? {} : { side_rows_of: of }) },
    });
  }
  return gone.length;
}
