// What a user is shown of an event of his trail: never who else it concerns, and where it came from only when that
// was himself or a stranger at his account, not an admin at work.

import { type Static, Type } from 'typebox';
import { auditEventNames, auditOutcomes } from '../audit/audit-event.ts';
import type { StoredAuditEvent } from '../store/audit-events.ts';
import { encodeAuditEvent } from './encode-rows.ts';
import { Id } from './schemas.ts';

const nullable = () => Type.Union([Type.String(), Type.Null()]);
const parties = ['you', 'another', 'unknown'] as const;

// Of `data`: what is one of a few words or numbers of our own. An account's address or another's id never stands there.
const shown = ['reason', 'from', 'to', 'role', 'method', 'route', 'sessions_ended', 'count', 'via'] as const;

export const ActivityBody = Type.Object({
  id: Id,
  at: Type.String({ format: 'date-time' }),
  event: Type.Enum([...auditEventNames]),
  outcome: Type.Enum([...auditOutcomes]),
  by: Type.Enum([...parties], { description: 'Who acted.' }),
  concerns: Type.Enum([...parties], { description: 'Whose account it was about.' }),
  session_id: nullable(),
  ip: nullable(),
  user_agent: nullable(),
  request_id: nullable(),
  data: Type.Object({}, { additionalProperties: true }),
});

/** One event as the user `id` sees it. */
export function encodeActivity(stored: StoredAuditEvent, id: string): Static<typeof ActivityBody> {
  const event = encodeAuditEvent(stored);
  const by = partyOf(event.actor_id, id);
  const concerns = partyOf(event.target_id, id);
  const isOthersWork = by === 'another';
  // An act tells of the session it was done in, the end of a session of the one that was ended.
  const isOwnSession = (event.event === 'session.revoked' ? concerns : by) === 'you';
  return {
    id: event.id,
    at: event.at,
    event: event.event,
    outcome: event.outcome,
    by,
    concerns,
    session_id: isOwnSession ? event.session_id : null,
    ip: isOthersWork ? null : event.ip,
    user_agent: isOthersWork ? null : event.user_agent,
    request_id: isOthersWork ? null : event.request_id,
    data: Object.fromEntries(shown.filter((key) => key in event.data).map((key) => [key, event.data[key]])),
  };
}

function partyOf(partyId: string | null, id: string): (typeof parties)[number] {
  if (partyId === null) return 'unknown';
  return partyId === id ? 'you' : 'another';
}
