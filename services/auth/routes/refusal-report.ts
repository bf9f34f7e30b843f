// POST /internal/refusals: what the gateway refused itself becomes events, as if auth had refused it. The gateway says
// whose requests they were, as with every request it forwards. It has sampled them; a batch that it sends again, for
// want of an answer, is written once.

import { canonicalAddress } from '@pi-gateway/client-address/canonical-address.ts';
import { readUserAgent } from '@pi-gateway/client-address/user-agent.ts';
import { type ReportedRefusal, reportedReasons } from '@pi-gateway/gateway-link/refusal-report.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';
import { Id } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { insertRefusalBatch } from '../store/refusal-batches.ts';

const strict = { additionalProperties: false } as const;
const optionalText = () => Type.Optional(Type.String());

const RefusalBody = Type.Object(
  {
    reason: Type.Enum([...reportedReasons]),
    refused_at: Type.String({ pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$` }),
    request_id: Type.String({ pattern: '^[A-Za-z0-9-]{8,64}$' }),
    ip: Type.String(),
    user_agent: Type.Union([Type.String(), Type.Null()]),
    method: Type.String(),
    route: Type.Union([Type.String(), Type.Null()]),
    fault: optionalText(),
    user_id: Type.Optional(Id),
    session_id: Type.Optional(Id),
    role: optionalText(),
    issuer: optionalText(),
    subject: optionalText(),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    counted_by: Type.Optional(Type.Enum(['network', 'kind'])),
  },
  strict,
);

const ReportBody = Type.Object({ batch: Id, refusals: Type.Array(RefusalBody, { maxItems: 500 }) }, strict);

export function refusalReport({ db }: Pick<AuthDeps, 'db'>) {
  return endpoint(
    { summary: 'Record refusals of the gateway', body: ReportBody, answers: { 204: Type.Null() } },
    async ({ body }, reply) => {
      readId('/batch', body.batch);
      for (const { user_id, session_id } of body.refusals) {
        readId('/refusals', user_id);
        readId('/refusals', session_id);
      }
      await insertRefusalBatch(db, body.batch, body.refusals.map(eventOf));
      return reply.code(204).send();
    },
  );
}

function readId(pointer: string, id: string | undefined): void {
  if (id !== undefined && !isUuidV7(id)) throw refuseField(pointer, 'must be a UUIDv7');
}

function eventOf(refusal: ReportedRefusal): AuditEvent {
  const { request_id, ip, user_agent, user_id, session_id, subject, ...data } = refusal;
  return {
    event: 'access.denied',
    outcome: 'denied',
    ip: canonicalAddress(ip) ?? null,
    userAgent: readUserAgent(user_agent ?? undefined),
    requestId: request_id,
    // Who sent a token that is dead may be anybody.
    actorId: refusal.reason === 'invalid_token' ? null : (user_id ?? null),
    targetId: user_id ?? null,
    sessionId: session_id ?? null,
    data,
    ...(subject === undefined ? {} : { personal: { subject } }),
  };
}
