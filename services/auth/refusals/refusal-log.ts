// Refusals on their way into the audit log. One that has been through the database anyway is written before its
// answer; one that must cost no query (a forged token) within a second after it. Under a flood both are counted
// instead (packages/limiter/event-sampler.ts), and each count is written with the last of its kind.

import { EventSampler } from '@pi-gateway/limiter/event-sampler.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { Database } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { insertRefusalBatch } from '../store/refusal-batches.ts';

export type Refusal = {
  readonly event: AuditEvent;
  /** Of whoever was refused. */
  readonly network: string;
  /** Whom or what it is about; undefined: it cost a password hash. */
  readonly key: string | undefined;
};

export type RefusalLog = {
  /** @throws {AppError} as every statement does: then the request fails, since it would leave no event. */
  write(refusal: Refusal): Promise<void>;
  /** Makes no query; never throws. */
  writeLater(refusal: Refusal): void;
  /** Writes what waits and what was counted; a batch that fails is kept and tried again by the next call. */
  flush(): Promise<void>;
  /** Refusals that wait. */
  readonly waiting: () => number;
};

type Batch = { readonly id: string; readonly events: readonly AuditEvent[] };

const waitingMax = 5000;
const batchMax = 500;

export function createRefusalLog(db: Database, log: Log): RefusalLog {
  const sampler = new EventSampler<Refusal>();
  let waiting: Refusal[] = [];
  // Sent, and not known to be written.
  let pending: Batch | undefined;
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    const counted = sampler.drain();
    try {
      for (;;) {
        pending ??= nextBatch();
        if (pending === undefined) break;
        await insertRefusalBatch(db, pending.id, pending.events);
        pending = undefined;
      }
      const events = counted.map(({ item, count, shared }) => standFor(item.event, count, shared));
      if (events.length === 0) return;
      pending = { id: newId(), events };
      counted.length = 0;
      await insertRefusalBatch(db, pending.id, pending.events);
      pending = undefined;
    } catch (err) {
      for (const { item, count } of counted) sampler.count(sampled(item), count);
      log.warn({ err, waiting: waiting.length }, 'refusals could not be written; trying again');
    }
  }

  function nextBatch(): Batch | undefined {
    if (waiting.length === 0) return undefined;
    return { id: newId(), events: waiting.splice(0, batchMax).map(({ event }) => event) };
  }

  return {
    async write(refusal) {
      if (sampler.sample(sampled(refusal))) await insertAuditEvent(db, refusal.event);
    },
    writeLater(refusal) {
      if (!sampler.sample(sampled(refusal))) return;
      if (waiting.length < waitingMax) waiting.push(refusal);
      else sampler.count(sampled(refusal), 1);
    },
    async flush() {
      flushing ??= flush().finally(() => (flushing = undefined));
      await flushing;
    },
    waiting: () => waiting.length + (pending?.events.length ?? 0),
  };
}

function sampled(refusal: Refusal) {
  const { event, network, key } = refusal;
  const { reason, fault } = event.data;
  const kind = `${event.event} ${String(reason)}`;
  return { kind, network, key, isEveryday: (fault ?? reason) === 'expired', item: refusal };
}

/** The last of a count, in the place of all of them. */
function standFor(event: AuditEvent, count: number, counted_by: 'network' | 'kind'): AuditEvent {
  return { ...event, data: { ...event.data, count, counted_by } };
}

const newId = () => uuidV7(Date.now() * 1000);
