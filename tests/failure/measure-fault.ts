// One fault on a rig under load: what users are answered while it lasts, how soon everything is whole again after it, and
// whether the ledger holds.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { send, type Target } from '../proofs/http-client.ts';
import { readMetrics } from '../proofs/read-metrics.ts';
import type { Tally } from './answers.ts';
import { checkLedger, type LedgerFigures } from './check-ledger.ts';
import { type MixedLoad, startMixedLoad } from './drive-load.ts';
import type { Rig } from './start-rig.ts';
import { firstPassword } from './user-life.ts';

export type FaultCase = {
  readonly name: string;
  /** Of the table in docs/explanation/faults.md. */
  readonly what: string;
  /** Begins it; the result ends it. */
  readonly inject: (rig: Rig) => Promise<() => Promise<void>>;
  /**
   * What users may notice. `nothing`: every answer is as ever. `writes wait`: requests with tokens are answered as
   * ever, writes get a 503 with Retry-After. `one in a thousand`: so many may fail. `refusals`: some are refused, each
   * with a documented answer.
   */
  readonly noticed: 'nothing' | 'writes wait' | 'one in a thousand' | 'refusals';
  /** What it had in hand when it began waits until it is over. */
  readonly holdsRequests?: true;
  /** Asked while it lasts; gives figures, throws when a promise does not hold. */
  readonly probe?: (rig: Rig, load: MixedLoad, seconds: number) => Promise<Readonly<Record<string, unknown>>>;
};

export type FaultSize = {
  readonly seconds: number;
  readonly readsPerSecond: number;
  readonly lives: number;
  /** How long it may take to be whole again, in milliseconds. */
  readonly recoveryMs: number;
};

export type FaultFigures = {
  readonly seconds: number;
  readonly reads: Tally;
  readonly writes: Tally;
  readonly recoveryMs: number;
  readonly probed: Readonly<Record<string, unknown>>;
  readonly ledger: LedgerFigures;
};

const settleMs = 700;
const wholeInRow = 4;
const givenUpMs = 30_000;
const restMs = 10_000;
// DATABASE_POOL_MAX by default.
const poolMax = 10;

/** Until a read and a write are answered well some times in a row. */
export async function untilWhole(entry: Target, token: string, readPath: string): Promise<number> {
  const startMs = performance.now();
  let wholeSinceMs = startMs;
  for (let inRow = 0; inRow < wholeInRow; ) {
    const askedMs = performance.now();
    const seen = await askBoth(entry, token, readPath);
    const isWhole = seen === '200 201';
    if (!isWhole) inRow = 0;
    else if (inRow === 0) wholeSinceMs = askedMs;
    if (isWhole) inRow += 1;
    assert.ok(performance.now() - startMs < givenUpMs, `the system does not become whole again: ${seen}`);
    await delay(20);
  }
  return wholeSinceMs - startMs;
}

/** The statuses of a read and a registration, with the code of a refusal. */
async function askBoth(entry: Target, token: string, readPath: string): Promise<string> {
  const email = `probe-${performance.now()}@example.com`;
  const body = { email, password: firstPassword };
  const calls = [
    { path: readPath, token },
    { method: 'POST', path: '/api/auth/register', body },
  ];
  const answers = calls.map((call) =>
    send(entry, call).then(
      ({ status, body: { code } }) => (typeof code === 'string' ? `${status} ${code}` : String(status)),
      (error: unknown) => `no answer (${(error as Error).message})`,
    ),
  );
  return (await Promise.all(answers)).join(' ');
}

/** Nobody waits for a connection any more, and no pool holds more than it may. */
async function untilPoolsRest(rig: Rig): Promise<void> {
  const series = ['pi_auth_database_waiting', 'pi_auth_database_connections'] as const;
  for (const { metricsUrl } of rig.auths) {
    const deadline = performance.now() + restMs;
    for (;;) {
      const [waiting, connections] = await readMetrics(metricsUrl, series);
      if (waiting === 0 && connections <= poolMax) break;
      assert.ok(performance.now() < deadline, `${waiting} requests wait, ${connections} connections`);
      await delay(50);
    }
  }
}

export async function measureFault(rig: Rig, fault: FaultCase, size: FaultSize): Promise<FaultFigures> {
  const { entry, admin } = rig;
  const pids = [...rig.auths, ...rig.gateways].map((service) => service.pid());
  const load = await startMixedLoad({ entry, admin, ...size });
  let seen: Pick<FaultFigures, 'probed' | 'recoveryMs'> & { readonly span: readonly [number, number] };
  try {
    seen = await breakAndMend(rig, fault, load, size.seconds);
  } finally {
    await load.stop();
  }
  await untilPoolsRest(rig);
  const pidsNow = [...rig.auths, ...rig.gateways].map((service) => service.pid());
  assert.deepEqual(pidsNow, pids, 'no process ended');
  const { probed, recoveryMs, span } = seen;
  return {
    seconds: size.seconds,
    reads: load.answers.tally('read', ...span),
    writes: load.answers.tally('write', ...span),
    recoveryMs,
    probed,
    ledger: await readLedger(rig, load),
  };
}

async function breakAndMend(rig: Rig, fault: FaultCase, load: MixedLoad, seconds: number) {
  await delay(settleMs);
  const heal = await fault.inject(rig);
  const fromMs = performance.now();
  let probed: FaultFigures['probed'];
  try {
    [probed = {}] = await Promise.all([fault.probe?.(rig, load, seconds), delay(seconds * 1000)]);
  } finally {
    await heal();
  }
  const span = [fromMs, performance.now()] as const;
  const recoveryMs = await untilWhole(rig.entry, load.tokens[0]!, '/up/probe');
  await delay(settleMs);
  return { probed, recoveryMs, span };
}

/** Compares it with the database, once the load is over. */
export async function readLedger(rig: Rig, load: MixedLoad): Promise<LedgerFigures> {
  const database = await rig.superuser();
  try {
    return await checkLedger(load.ledger, { database, entry: rig.entry });
  } finally {
    await database.close();
  }
}

const isSound = (answer: string): boolean => /^2\d\d$/.test(answer);
const isDocumented = (answer: string): boolean => isSound(answer) || /^50[234] [a-z_]+$/.test(answer);
const writeMsMax = 2000;

function countOther(tally: Tally, isExpected: (answer: string) => boolean): number {
  return Object.entries(tally.answers).reduce((sum, [name, n]) => sum + (isExpected(name) ? 0 : n), 0);
}

/** What was not as promised; `isTimed` counts times too. */
export function missedBy(figures: FaultFigures, fault: FaultCase, size: FaultSize, isTimed = true): string[] {
  const { reads, writes, ledger } = figures;
  const isWaiting = (name: string) => name === '503 unavailable' || name === '503 overloaded';
  const [badReads, badWrites] = [countOther(reads, isSound), countOther(writes, isSound)];
  const oddWrites = countOther(writes, (name) => isSound(name) || isWaiting(name));
  const describe = (tally: Tally) => JSON.stringify(tally.answers);
  const bounds: (readonly [holds: boolean, what: string])[] = [
    [
      reads.count > 0 && (writes.count > 0 || !isTimed),
      `reads and writes were made: ${reads.count}, ${writes.count}`,
    ],
    [ledger.broken.length === 0, `the ledger holds: ${[...new Set(ledger.broken)].join('; ')}`],
    [writes.withoutRetryAfter === 0, 'every 503 names a time to come again'],
  ];
  switch (fault.noticed) {
    case 'nothing':
      bounds.push([badReads + badWrites === 0, `nothing fails: ${describe(reads)} ${describe(writes)}`]);
      break;
    case 'writes wait':
      bounds.push([badReads === 0, `reads go on: ${describe(reads)}`]);
      bounds.push([oddWrites === 0, `writes are done or wait: ${describe(writes)}`]);
      break;
    case 'one in a thousand':
      bounds.push([
        (badReads + badWrites) * 1000 <= reads.count + writes.count,
        `one in a thousand fails: ${describe(reads)} ${describe(writes)}`,
      ]);
      break;
    case 'refusals':
      bounds.push([
        countOther(reads, isDocumented) + countOther(writes, isDocumented) === 0,
        `only documented refusals: ${describe(reads)} ${describe(writes)}`,
      ]);
      break;
    default:
      return fault.noticed satisfies never;
  }
  if (isTimed) {
    bounds.push([
      fault.holdsRequests === true || writes.ms.maxMs <= writeMsMax,
      `a write is answered within ${writeMsMax} ms: ${writes.ms.maxMs}`,
    ]);
    bounds.push([
      figures.recoveryMs <= size.recoveryMs,
      `whole again within ${size.recoveryMs} ms: ${figures.recoveryMs}`,
    ]);
  }
  return bounds.filter(([holds]) => !holds).map(([, what]) => what);
}
