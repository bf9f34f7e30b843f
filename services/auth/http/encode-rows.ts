// What leaves of a row: the fields of the API, by routes and by the commands of `pi` alike. What is not named here never
// leaves.

import type { Static } from 'typebox';
import type { StoredAuditEvent } from '../store/audit-events.ts';
import type { Session } from '../store/sessions.ts';
import type { User } from '../store/users.ts';
import type { RegisteredUser, SessionBody, UserBody } from './schemas.ts';

/** RFC 3339 UTC to the millisecond, from microseconds. */
function encodeTime(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString();
}

export function encodeRegistered({ id, email, role, createdAt }: User): Static<typeof RegisteredUser> {
  return { id, email, role, created_at: encodeTime(createdAt) };
}

export function encodeUser(user: User): Static<typeof UserBody> {
  return {
    id: user.id,
    email: user.email,
    role: user.role,
    disabled: user.isDisabled,
    created_at: encodeTime(user.createdAt),
    last_login_at: user.lastLoginAt === null ? null : encodeTime(user.lastLoginAt),
  };
}

export function encodeSession(session: Session, currentId: string): Static<typeof SessionBody> {
  return {
    id: session.id,
    created_at: encodeTime(session.createdAt),
    last_used_at: encodeTime(session.lastUsedAt),
    expires_at: encodeTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
    current: session.id === currentId,
  };
}

export function encodeAuditEvent(event: StoredAuditEvent) {
  return {
    id: event.id,
    at: encodeTime(event.at),
    event: event.event,
    outcome: event.outcome,
    actor_id: event.actorId,
    target_id: event.targetId,
    session_id: event.sessionId,
    ip: event.ip,
    user_agent: event.userAgent,
    request_id: event.requestId,
    data: event.data,
  };
}
