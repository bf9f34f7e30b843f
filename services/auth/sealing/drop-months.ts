// Drops the oldest months of the audit log, and states it by a signed seal in the same transaction: what is gone by
// retention can be told from what somebody deleted.

import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { uuidV7Floor } from '@pi-gateway/uuid/uuid-v7.ts';
import pg from 'pg';
import { noOrigin } from '../audit/audit-event.ts';
import { placeOf, type Seal } from '../audit/seal.ts';
import type { Database, Queryable } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import {
  boundLockWait,
  deleteSealsThrough,
  dropEventsBefore,
  findEventsBefore,
  findSealThrough,
} from '../store/audit-retention.ts';
import { lockSealing } from '../store/audit-seals.ts';
import { appendSeal, findTrustedSeal } from './append-seal.ts';
import { loadAuditKeys } from './audit-keys.ts';

export type Dropped =
  | { readonly kind: 'nothing' | 'not_sealed' }
  | { readonly kind: 'dropped'; readonly events: number; readonly throughSeal: number; readonly seal: Seal };

export type DropOptions = {
  /** 32 bytes that the keys of the log are encrypted with. */
  readonly sealKey: Buffer;
  /** Milliseconds; the first instant of the month it is in (UTC) counts. */
  readonly before: number;
  /** Who wants it. */
  readonly via: string;
};

const lockNotAvailable = '55P03';
const patienceMs = 30_000;
const pauseMs = 200;

/** The first instant of a month, `ago` months before the one of an instant (milliseconds). */
export function monthStart(millis: number, ago = 0): number {
  const date = new Date(millis);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - ago);
}

/**
 * `db`: as the owner of the schema. Writers wait for moments at most: the drop tries again for half a minute.
 * @throws {AppError | Error} when somebody uses the log all the while, or its end is not sealed by us.
 */
export async function dropMonths(db: Database, options: DropOptions): Promise<Dropped> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await db.transaction((tx) => drop(tx, options));
    } catch (error) {
      if (!isLockedOut(error) || performance.now() > deadline) throw error;
      await delay(pauseMs * (1 + Math.random()));
    }
  }
}

async function drop(tx: Queryable, { sealKey, before, via }: DropOptions): Promise<Dropped> {
  const month = monthStart(before);
  const beforeId = uuidV7Floor(month * 1000);
  await lockSealing(tx);
  const keys = await loadAuditKeys(tx, sealKey);
  const previous = await findTrustedSeal(tx, keys);
  const through = placeOf(previous);
  const { isAny, isSealed } = await findEventsBefore(tx, beforeId, through);
  if (!isAny) return { kind: 'nothing' };
  if (!isSealed) return { kind: 'not_sealed' };
  await boundLockWait(tx);
  const events = await dropEventsBefore(tx, beforeId);
  const throughSeal = await findSealThrough(tx, beforeId);
  const body = { kind: 'drop' as const, before_id: beforeId, through_seal: throughSeal, events };
  const seal = await appendSeal(tx, keys, { previous, body, through });
  await deleteSealsThrough(tx, throughSeal);
  await insertAuditEvent(tx, {
    ...noOrigin,
    event: 'audit.dropped',
    outcome: 'success',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { via, before: new Date(month).toISOString(), events, seal: seal.statement.number },
  });
  return { kind: 'dropped', events, throughSeal, seal };
}

function isLockedOut(error: unknown): boolean {
  const cause = error instanceof AppError ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code === lockNotAvailable;
}
