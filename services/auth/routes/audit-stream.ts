// GET /admin/audit/stream: the audit log as it grows, as server-sent events (HTML Living Standard section 9.2). Each has an
// id that tells its place in the log; whoever sends the last one back (Last-Event-ID) goes on right after it. Ends when the
// admin's right does: his token runs out or is revoked, his role changes. Looked at before every batch.

import { Readable } from 'node:stream';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import { auditEventNames } from '../audit/audit-event.ts';
import type { Place } from '../audit/seal.ts';
import { withTimeBudget } from '../db/time-budget.ts';
import type { AuthDeps } from '../deps.ts';
import { readFilterAddress, readFilterId } from '../http/audit-filter.ts';
import { authenticate, readClaims } from '../http/authenticate.ts';
import { encodeAuditEvent } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { recordRead } from '../http/record-read.ts';
import { Id } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { findTailEnd, type TailEvent, type TailFilter } from '../store/audit-tail.ts';
import { followTail } from '../tail/audit-tail.ts';

const StreamQuery = Type.Object(
  {
    event: Type.Optional(Type.Enum([...auditEventNames])),
    actor_id: Type.Optional(Id),
    target_id: Type.Optional(Id),
    ip: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

type Deps = Pick<AuthDeps, 'auditTail' | 'config' | 'db' | 'keyRing' | 'revocations'>;

// Gateways and proxies take a silence of thirty seconds for the end.
const heartbeatMs = 10_000;
const recheckMs = 5000;
const cutAfterMs = 10_000;
const timerMsMax = 2 ** 31 - 1;

export function auditStream(deps: Deps) {
  return signedInEndpoint(
    {
      summary: 'The audit log as it grows, as server-sent events',
      query: StreamQuery,
      answers: {},
      isEventStream: true,
    },
    async ({ query, rawHeaders, caller, principal }, reply) => {
      const filter = {
        event: query.event,
        actorId: readFilterId('/actor_id', query.actor_id),
        targetId: readFilterId('/target_id', query.target_id),
        ip: readFilterAddress(query.ip),
      };
      const from = readLastEventId(rawHeaders) ?? (await findTailEnd(deps.db));
      if (reply.request.method === 'HEAD') return reply.type('text/event-stream').send();
      const { exp } = readClaims(deps, rawHeaders);
      const listener = deps.auditTail.enter();
      if (listener === undefined) throw new AppError('overloaded', { headers: { 'retry-after': '10' } });
      try {
        const { ip, ...asked } = query;
        await recordRead(deps.db, caller, principal, { event: 'audit.listed', asked, personal: { ip } });
      } catch (error) {
        listener.leave();
        throw error;
      }
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      const signal = AbortSignal.any([deps.auditTail.signal, left.signal]);
      const lines = Readable.from(streamLines(deps, rawHeaders, { from, filter, signal }), {
        objectMode: false,
      });
      // Also for one that does not read: then nothing is written any more, and nothing looked at.
      const cut = setTimeout(
        () => lines.destroy(),
        Math.min(exp * 1000 - Date.now() + cutAfterMs, timerMsMax),
      );
      lines.once('close', () => {
        clearTimeout(cut);
        listener.leave();
      });
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(lines);
    },
  );
}

type Following = {
  readonly from: Place;
  readonly filter: TailFilter;
  /** The listener has left, or the service ends. */
  readonly signal: AbortSignal;
};

async function* streamLines(
  deps: Deps,
  rawHeaders: readonly string[],
  { from, filter, signal }: Following,
): AsyncGenerator<string, void> {
  yield ': the audit log, as it grows\n\n';
  const hasRight = watchRight(deps, rawHeaders);
  let spokenMs = performance.now();
  try {
    for await (const events of followTail(deps.db, from, filter, signal)) {
      if (!(await hasRight())) {
        yield 'event: end\ndata: {"code":"invalid_token"}\n\n';
        return;
      }
      const isQuiet = events.length === 0;
      if (isQuiet && performance.now() - spokenMs < heartbeatMs) continue;
      yield isQuiet ? ': \n\n' : events.map(encodeLines).join('');
      spokenMs = performance.now();
    }
  } catch (error) {
    // The database is away: the client comes again from where it was.
    if (!(error instanceof AppError)) throw error;
  }
}

/** Tells whether the caller still may: by what is in memory each time, by the database every few seconds. */
function watchRight(deps: Deps, rawHeaders: readonly string[]): () => Promise<boolean> {
  const claims = readClaims(deps, rawHeaders);
  let checkedMs = performance.now();
  return async () => {
    if (Date.now() / 1000 >= claims.exp || deps.revocations.isRevoked(claims)) return false;
    if (performance.now() - checkedMs < recheckMs) return true;
    checkedMs = performance.now();
    try {
      const { user } = await withTimeBudget(() => authenticate(deps, rawHeaders));
      return user.role === 'admin';
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid_token') return false;
      throw error;
    }
  };
}

function encodeLines(event: TailEvent): string {
  return `id: ${event.tx}-${event.id}\ndata: ${JSON.stringify(encodeAuditEvent(event))}\n\n`;
}

function readLastEventId(rawHeaders: readonly string[]): Place | undefined {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'last-event-id');
  if (at === -1) return undefined;
  const [, tx = '', id = ''] = /^(\d{1,15})-(.{36})$/.exec(rawHeaders[at + 1]!) ?? [];
  if (!isUuidV7(id)) throw refuseField('/last-event-id', 'must be the id of an event of this stream');
  return { tx: Number(tx), id };
}
