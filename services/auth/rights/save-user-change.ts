// A change of an account's rights, by the API and by `pi` alike: the locks, the decision, the events, the end of
// sessions and the revocation belong to the caller's transaction, so that none stands without the others.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import { decideUserChange, type UserChange, type WantedChange } from '../domain/decide-user-change.ts';
import { type RevokeDeps, saveUserRevocation } from '../http/revoke.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { findPrincipal } from '../store/principals.ts';
import { listRevocationsOf } from '../store/revocations.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';
import { countOtherLivingAdmins, lockAdmins, lockUser, saveUserRights } from '../store/user-rights.ts';
import type { User } from '../store/users.ts';

/** Who wants it: an admin by one of his sessions, or the operator (null). `data` goes into every event. */
export type ChangeOrigin = Omit<AuditEvent, 'event' | 'outcome' | 'targetId'>;

export type SavedChange =
  | { readonly kind: 'unknown_user' | 'last_admin' | 'actor_lost_rights' }
  /** The account as it is now; `revocations` are to be announced after the commit. */
  | { readonly kind: 'saved'; readonly user: User; readonly revocations: readonly Revocation[] };

type Deps = Pick<RevokeDeps, 'config'> & {
  /** Whether the caller forgives failed logins once an account is wanted enabled. */
  readonly unlocks: boolean;
};

export async function saveUserChange(
  tx: Queryable,
  deps: Deps,
  id: string,
  wanted: WantedChange,
  origin: ChangeOrigin,
): Promise<SavedChange> {
  await lockAdmins(tx);
  if (!(await mayStillChange(tx, origin))) return { kind: 'actor_lost_rights' };
  const user = await lockUser(tx, id);
  if (user === undefined) {
    await recordRefusedChange(tx, id, 'not_found', wanted, origin);
    return { kind: 'unknown_user' };
  }
  const decision = decideUserChange(user, wanted, await countOtherLivingAdmins(tx, id));
  // Of one that was disabled, its own event tells it.
  const isUnlocked = deps.unlocks && wanted.disabled === false && !user.isDisabled;
  if (isUnlocked && decision.kind !== 'last_admin') {
    await insertAuditEvent(tx, { ...origin, event: 'user.unlocked', outcome: 'success', targetId: id });
  }
  switch (decision.kind) {
    case 'none':
      // Told again: whoever made the change may have died before he told of it.
      return { kind: 'saved', user, revocations: await listRevocationsOf(tx, 'user', id) };
    case 'last_admin':
      await recordRefusedChange(tx, id, 'last_admin', wanted, origin);
      return { kind: 'last_admin' };
    case 'change':
      return { kind: 'saved', ...(await save(tx, deps, user, decision, origin)) };
    default:
      return decision satisfies never;
  }
}

/** In a transaction that changes nothing else. `targetId`: null for an address that has no account. */
export async function recordRefusedChange(
  db: Queryable,
  targetId: string | null,
  reason: 'not_found' | 'last_admin',
  wanted: WantedChange | { readonly erased: true },
  origin: ChangeOrigin,
): Promise<void> {
  await insertAuditEvent(db, {
    ...origin,
    event: 'user.change_refused',
    outcome: reason === 'last_admin' ? 'denied' : 'failure',
    targetId,
    // JSON leaves out what is undefined.
    data: { ...origin.data, reason, wanted: { ...wanted } },
  });
}

// He was an admin when his request came in; another may have taken that from him while this one waited.
async function mayStillChange(tx: Queryable, { actorId, sessionId }: ChangeOrigin): Promise<boolean> {
  if (actorId === null || sessionId === null) return true;
  const actor = await findPrincipal(tx, actorId, sessionId);
  return actor?.role === 'admin' && !actor.isDisabled && actor.isSessionLiving;
}

async function save(
  tx: Queryable,
  deps: Deps,
  user: User,
  { role, disabled }: UserChange & { kind: 'change' },
  origin: ChangeOrigin,
) {
  const saved = await saveUserRights(tx, user.id, {
    role: role?.to ?? user.role,
    isDisabled: disabled === undefined ? user.isDisabled : disabled === 'disabled',
  });
  const event = { ...origin, outcome: 'success', targetId: user.id } as const;
  if (role !== undefined) {
    await insertAuditEvent(tx, { ...event, event: 'user.role_changed', data: { ...origin.data, ...role } });
  }
  if (disabled !== undefined) {
    const ended = disabled === 'disabled' ? await revokeSessionsOfUser(tx, user.id, 'disabled') : [];
    const change = { from: user.isDisabled, to: saved.user.isDisabled };
    const counted = disabled === 'disabled' ? { sessions_ended: ended.length } : {};
    const data = { ...origin.data, ...change, ...counted };
    await insertAuditEvent(tx, { ...event, event: `user.${disabled}`, data });
  }
  return { user: saved.user, revocations: await saveUserRevocation(tx, deps, user.id, saved.notBefore) };
}
