// Goes through the audit log once, from its first seal to its last event, and stops at the first thing that does not
// hold. It needs no database and believes nothing but the keys it is given: leaves, Merkle roots, chain, signatures and
// what tells of persons are computed again. Memory: the events of one seal.

import {
  countUpTo,
  type DigestedEvents,
  type DigestedPart,
  idAt,
  openIsUpTo,
  sliceEvents,
} from '../audit/digested-events.ts';
import type { StoredSeal } from '../audit/log-part.ts';
import { ExportFault } from '../audit/read-export.ts';
import { hashSeal, isSignedBy, placeOf, readSeal, type Seal } from '../audit/seal.ts';
import { type AnchorBook, findForgedAnchor } from './anchor-book.ts';
import { type Finding, finding } from './finding.ts';
import { judgeEvents, type Whereabouts } from './judge-events.ts';
import { findPersonFault, openErasures, personAt } from './judge-persons.ts';
import type { TrustedKeys } from './trusted-keys.ts';

export type Verified = {
  readonly finding: Finding | undefined;
  readonly seals: number;
  readonly firstSeal: number | undefined;
  readonly lastSeal: number | undefined;
  /** When the last one was made. */
  readonly sealedUntil: string | undefined;
  /** Events that seals hold and that are there. */
  readonly events: number;
  /** Events younger than the last seal: nothing proves them yet. */
  readonly unsealed: number;
  readonly persons: { readonly held: number; readonly erased: number };
  /** What retention says it dropped. */
  readonly droppedBefore: string | undefined;
};

export type VerifyOptions = {
  readonly keys: TrustedKeys;
  /** The newest seal of retention; it is believed as far as the seals show it. */
  readonly drop: Seal | undefined;
  readonly anchors: AnchorBook | undefined;
  /** False: only seals of a part of the log are there; then they may begin or end anywhere. */
  readonly hasStart: boolean;
  readonly hasEnd: boolean;
  readonly whereabouts: Whereabouts;
  readonly onProgress: (soFar: { readonly events: number; readonly seals: number }) => void;
};

export async function verifyLog(
  parts: AsyncIterable<DigestedPart>,
  { keys, drop, anchors, hasStart, hasEnd, whereabouts, onProgress }: VerifyOptions,
): Promise<Verified> {
  const dropStatement = drop?.statement.kind === 'drop' ? drop.statement : undefined;
  const droppedBefore = dropStatement?.before_id;
  const erasures = openErasures();
  let [seals, events, unsealed, held] = [0, 0, 0, 0];
  let first: Seal | undefined;
  let last: Seal | undefined;
  let isDropShown = false;
  /** Of the last seal, not judged yet. */
  let pending: { readonly stored: StoredSeal; readonly events: DigestedEvents[]; count: number } | undefined;
  /** The first event that stands after all seals so far. */
  let loose: string | undefined;

  async function judgePending(isCut = false): Promise<Finding | undefined> {
    if (pending === undefined || last === undefined) return undefined;
    const { stored, events: own, count } = pending;
    pending = undefined;
    const { statement } = last;
    if (statement.kind !== 'events') {
      const [event] = own;
      return event && finding('event_inserted', { seal: statement.number, event: idAt(event, 0) });
    }
    const wrong = await judgeEvents(
      { statement, entries: stored.entries, events: own, droppedBefore, isCut },
      whereabouts,
    );
    if (wrong !== undefined) return wrong;
    events += count;
    for (const part of own) {
      for (let i = 0; i < part.count; i++) {
        const person = personAt(part, i);
        const kind = findPersonFault(person);
        if (kind !== undefined) return finding(kind, { seal: statement.number, event: idAt(part, i) });
        if (person === 'held') held++;
        erasures.see(part, i);
      }
    }
    onProgress({ events, seals });
    return undefined;
  }

  function judgeSeal(stored: StoredSeal): Finding | undefined {
    const { number } = stored;
    const expected = last === undefined ? firstNumber(number) : last.statement.number + 1;
    if (number > expected)
      return finding('seal_missing', { seal: expected }, `the next one there is ${number}`);
    if (number < expected) return finding('seal_misplaced', { seal: number });
    const seal = readSeal(stored.text, stored.signature);
    if (seal?.statement.number !== number) return finding('seal_forged', { seal: number });
    const hash = hashSeal(seal.text);
    const { kid, previous_hash, previous_signature } = seal.statement;
    const key = keys.find(kid);
    if (key === undefined) return finding('seal_forged', { seal: number }, `the key ${kid} is not trusted`);
    if (!isSignedBy(hash, seal.signature, key)) return finding('seal_forged', { seal: number });
    const follows =
      last === undefined
        ? number !== 1 || (previous_hash === '' && previous_signature === '')
        : previous_hash === hashSeal(last.text).toString('hex') &&
          previous_signature === last.signature.toString('base64url');
    if (!follows) return finding('seal_misplaced', { seal: number });
    const anchored = anchors?.hashOf(number);
    if (anchored !== undefined && anchored !== hash.toString('hex')) {
      return finding('anchor_contradicted', { seal: number });
    }
    if (seal.statement.kind === 'key') keys.add(seal.statement.jwk);
    if (seal.text === drop?.text) isDropShown = true;
    first ??= seal;
    last = seal;
    pending = { stored, events: [], count: 0 };
    seals++;
    return undefined;
  }

  /** Of the log: after what retention says it dropped; of a part: where that begins. */
  function firstNumber(number: number): number {
    const start = (dropStatement?.through_seal ?? 0) + 1;
    return hasStart ? start : number;
  }

  async function takeEvents(given: DigestedEvents): Promise<Finding | undefined> {
    const end = last && placeOf(last);
    const within = end === undefined ? 0 : countUpTo(given, end);
    if (within > 0) {
      if (loose !== undefined || pending === undefined)
        return finding('event_moved', { event: idAt(given, 0) });
      pending.events.push(sliceEvents(given, 0, within));
      pending.count += within;
    }
    const isUpTo = end && openIsUpTo(end);
    for (let i = within; i < given.count; i++) {
      if (isUpTo?.(given, i) === true) return finding('event_moved', { event: idAt(given, i) });
      loose ??= idAt(given, i);
      unsealed++;
      erasures.see(given, i);
    }
    // Somebody put in more than memory should hold.
    const isFlooded = pending !== undefined && pending.count > eventsPerSealMax;
    return isFlooded ? judgePending() : undefined;
  }

  async function take(part: DigestedPart): Promise<Finding | undefined> {
    if (part.kind === 'events') return takeEvents(part.events);
    const wrong = await judgePending();
    if (wrong !== undefined) return wrong;
    if (loose !== undefined) return finding('event_inserted', { seal: part.seal.number, event: loose });
    return judgeSeal(part.seal);
  }

  async function judgeAll(): Promise<Finding | undefined> {
    try {
      for await (const part of parts) {
        const wrong = await take(part);
        if (wrong !== undefined) return wrong;
      }
    } catch (error) {
      if (!(error instanceof ExportFault)) throw error;
      return (await judgePending(true)) ?? finding('file_damaged', { event: error.event }, error.message);
    }
    return (await judgePending()) ?? judgeEnd();
  }

  function judgeEnd(): Finding | undefined {
    const lastNumber = last?.statement.number ?? 0;
    const newest = anchors?.newest;
    if (hasEnd && newest !== undefined && newest.number > lastNumber) {
      const detail = `seal ${newest.number} was anchored at ${newest.at}; the last one there is ${lastNumber}`;
      return finding('tail_missing', { seal: lastNumber + 1 }, detail);
    }
    const forged = anchors && findForgedAnchor(anchors, keys, lastNumber);
    if (forged !== undefined) return finding('anchor_forged', { seal: forged.number });
    if (hasStart && hasEnd && drop !== undefined && !isDropShown) {
      return finding('seal_forged', { seal: drop.statement.number });
    }
    const lost = hasEnd ? erasures.findUnexplained() : undefined;
    return lost === undefined ? undefined : finding('person_deleted', { event: lost });
  }

  const wrong = await judgeAll();
  return {
    finding: wrong,
    seals,
    firstSeal: first?.statement.number,
    lastSeal: last?.statement.number,
    sealedUntil: last?.statement.at,
    events,
    unsealed,
    persons: { held, erased: erasures.count() },
    droppedBefore,
  };
}

// The sealer makes none with more than a thousand.
const eventsPerSealMax = 20_000;
