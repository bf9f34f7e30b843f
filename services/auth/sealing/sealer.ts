// Closes batches of events behind the transaction-id horizon and signs them. Writers never wait for it: it takes one
// advisory lock that only sealers know, reads, and adds a row. Of several auth processes one seals at a time.

import type { Log } from '@pi-gateway/log/log.ts';
import type { EventRecord } from '../audit/event-record.ts';
import { hashSeal, placeOf, readSeal, type Seal } from '../audit/seal.ts';
import { describeEntries, makeEntries } from '../audit/seal-entries.ts';
import type { Database } from '../db/database.ts';
import {
  findLastSeal,
  findSeal,
  findUnsealedAge,
  listUnsealedEvents,
  lockSealing,
  type SealRow,
  tryLockSealing,
} from '../store/audit-seals.ts';
import type { Anchors } from './anchors.ts';
import { appendSeal, findTrustedSeal } from './append-seal.ts';
import { loadAuditKeys } from './audit-keys.ts';

export type Sealer = {
  /** Seals what is due; what is more than a round can take waits for the next one. */
  round(): Promise<void>;
  readonly state: () => SealState;
  /** Tells of the last seal outside the database. */
  close(): Promise<void>;
};

export type SealState = {
  /** Of the oldest event that no seal holds; 0: there is none. */
  readonly unsealedSeconds: number;
  readonly lastNumber: number;
};

export type SealerOptions = {
  readonly db: Database;
  /** 32 bytes that the keys of the log are encrypted with. */
  readonly sealKey: Buffer;
  readonly anchors: Anchors;
  readonly log: Log;
  /** An event is sealed when it is so old. */
  readonly afterSeconds: number;
};

// So much is hashed without a pause, a few milliseconds; a round is bounded, so that it can be stopped.
const batchMax = 1000;
const batchesPerRound = 50;

/** @throws {SettingError} when the master key is not the one the log is sealed with. */
export async function openSealer(options: SealerOptions): Promise<Sealer> {
  const { db, sealKey, anchors, log, afterSeconds } = options;
  await db.transaction(async (tx) => {
    await lockSealing(tx);
    await loadAuditKeys(tx, sealKey);
  });
  let state: SealState = { unsealedSeconds: 0, lastNumber: 0 };
  let seen: Seen | undefined = await anchors.last();

  /** A chain that lost what was seen of it is told of once; the log goes on all the same. */
  async function checkEnd(last: SealRow | undefined): Promise<void> {
    if (seen !== undefined && (await isLost(seen, last))) {
      const numbers = { seen: seen.number, last: last?.number ?? 0 };
      log.error(numbers, 'the audit log lost seals that were there: pi audit verify tells more');
    }
    seen = last === undefined ? undefined : { number: last.number, hash: hashOf(last) };
  }

  async function isLost({ number, hash }: Seen, last: SealRow | undefined): Promise<boolean> {
    if (last === undefined || last.number < number) return true;
    const row = last.number === number ? last : await findSeal(db, number);
    // Retention drops the oldest ones, never the last.
    return row !== undefined && hashOf(row) !== hash;
  }

  function sealBatch(): Promise<Seal | undefined> {
    return db.transaction(async (tx) => {
      if (!(await tryLockSealing(tx))) return undefined;
      const keys = await loadAuditKeys(tx, sealKey);
      const previous = await findTrustedSeal(tx, keys);
      const events = await listUnsealedEvents(tx, placeOf(previous), batchMax);
      const newest = events.at(-1);
      if (newest === undefined) return undefined;
      const entries = makeEntries(events);
      const body = { kind: 'events', ...describeEntries(entries), newest_id: highestId(events) } as const;
      return appendSeal(tx, keys, { previous, body, through: newest, entries });
    });
  }

  return {
    state: () => state,
    async round() {
      const last = await findLastSeal(db);
      await checkEnd(last);
      const after = placeOf(last === undefined ? undefined : readSeal(last.text, last.signature));
      const age = await findUnsealedAge(db, after);
      state = { unsealedSeconds: Math.max(age ?? 0, 0), lastNumber: last?.number ?? 0 };
      if (age === undefined || (age >= 0 && age < afterSeconds)) return;
      for (let i = 0; i < batchesPerRound; i++) {
        const seal = await sealBatch();
        if (seal === undefined) return;
        await anchors.tell(seal);
      }
    },
    close: () => anchors.flush(),
  };
}

type Seen = { readonly number: number; readonly hash: string };

const hashOf = ({ text }: SealRow) => hashSeal(text).toString('hex');

// Ids are of one length and lower case: their order is that of their texts.
function highestId(events: readonly EventRecord[]): string {
  return events.reduce((highest, { id }) => (id > highest ? id : highest), '');
}
