// GET /admin/audit: the events, newest first. `from` and `to` both count, to the millisecond. With several filters a page
// may be short, or empty, though more follow: `next_cursor` alone tells the end.

import { uuidV7Floor } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import { auditEventNames, auditOutcomes } from '../audit/audit-event.ts';
import type { AuthDeps } from '../deps.ts';
import { readRfc3339 } from '../domain/read-rfc3339.ts';
import { readFilterAddress, readFilterId } from '../http/audit-filter.ts';
import { encodeAuditEvent } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { loadSearch, pageBody, pageQuery } from '../http/page.ts';
import { recordRead } from '../http/record-read.ts';
import { Id } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { searchAuditEvents } from '../store/audit-search.ts';

const AuditQuery = Type.Object(
  {
    ...pageQuery,
    event: Type.Optional(Type.Enum([...auditEventNames])),
    actor_id: Type.Optional(Id),
    target_id: Type.Optional(Id),
    ip: Type.Optional(Type.String()),
    from: Type.Optional(Type.String({ description: 'RFC 3339; included.' })),
    to: Type.Optional(Type.String({ description: 'RFC 3339; included.' })),
  },
  { additionalProperties: false },
);

const nullable = () => Type.Union([Type.String(), Type.Null()]);

const AuditEventBody = Type.Object({
  id: Id,
  at: Type.String({ format: 'date-time' }),
  event: Type.Enum([...auditEventNames]),
  outcome: Type.Enum([...auditOutcomes]),
  actor_id: nullable(),
  target_id: nullable(),
  session_id: nullable(),
  ip: nullable(),
  user_agent: nullable(),
  request_id: nullable(),
  data: Type.Object({}, { additionalProperties: true }),
});

export function auditList({ db, secrets }: Pick<AuthDeps, 'db' | 'secrets'>) {
  return signedInEndpoint(
    { summary: 'The audit log', query: AuditQuery, answers: { 200: pageBody(AuditEventBody) } },
    async ({ query, caller, principal }) => {
      const from = readTime('/from', query.from);
      const to = readTime('/to', query.to);
      const filter = {
        event: query.event,
        actorId: readFilterId('/actor_id', query.actor_id),
        targetId: readFilterId('/target_id', query.target_id),
        ip: readFilterAddress(query.ip),
        fromId: from === undefined ? undefined : uuidV7Floor(from),
        untilId: to === undefined ? undefined : uuidV7Floor(to + 1000),
      };
      const { rows, beforeId, nextCursor } = await loadSearch(
        'audit',
        query,
        secrets.cursorMac,
        (before, limit) => searchAuditEvents(db, filter, before, limit),
      );
      const { cursor: _cursor, ip, ...asked } = { ...query, before: beforeId };
      await recordRead(db, caller, principal, { event: 'audit.listed', asked, personal: { ip } });
      return { items: rows.map(encodeAuditEvent), next_cursor: nextCursor };
    },
  );
}

/** Microseconds, at a whole millisecond. No event is older than the epoch. */
function readTime(pointer: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const millis = readRfc3339(text);
  if (millis === undefined) throw refuseField(pointer, 'must be a time as in RFC 3339');
  return Math.max(millis, 0) * 1000;
}
