// The form of rows that set a request of auth beside pgbench: short windows of both in turn, on the same database, over
// as many connections to it, and pgbench runs the very statements that the request sends. Load is wrk for one and pgbench for
// the other, both in C, on all cores: what lies between the two is HTTP and our own work.

import { measureProcessTree } from '../../tools/process-memory.ts';
import { type AuthOptions, type BenchAuth, withAuth } from '../harness/auth.ts';
import type { LoadResult } from '../harness/load.ts';
import { median } from '../harness/measure.ts';
import { measureCpuMs } from '../harness/process-cpu.ts';
import type { RowResult } from '../harness/row.ts';

/** To the database, of either. */
export const connections = 10;
/** At auth: as in life more clients than connections to the database, so that none of these waits for HTTP. */
export const clients = 3 * connections;

export type Pair = {
  /** A window of so many seconds; `round` counts from 0. */
  readonly http: (seconds: number, round: number) => Promise<LoadResult>;
  /** Transactions a second. */
  readonly bare: (seconds: number, round: number) => Promise<number>;
  /** The same from one process of Node, by the code that auth sends them with, and nothing else: the most auth could reach. */
  readonly client?: (seconds: number) => Promise<number>;
};

export type PairFigures = {
  readonly http: number;
  readonly bare: number;
  /** NaN where the pair has none. */
  readonly client: number;
  readonly cpuMicros: number;
  readonly p99Ms: number;
  readonly megabytes: number;
};

type PairOptions = {
  readonly auth: AuthOptions;
  readonly open: (auth: BenchAuth) => Promise<Pair>;
  readonly rounds?: number;
  readonly seconds?: number;
};

/** Medians; auth has a pool of as many connections. */
export function measurePair({ auth, open, rounds = 5, seconds = 2 }: PairOptions): Promise<PairFigures> {
  const env = { DATABASE_POOL_MAX: String(connections), ...auth.env };
  return withAuth({ ...auth, env }, async (started) => {
    const pair = await open(started);
    const windows: PairFigures[] = [];
    // The first warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      const before = measureCpuMs(started.pid);
      const { requests, perSecond, p99Ms } = await pair.http(seconds, round);
      const cpuMicros = ((measureCpuMs(started.pid) - before) * 1000) / requests;
      const megabytes = measureProcessTree(started.pid).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
      const bare = await pair.bare(seconds, round);
      const client = (await pair.client?.(seconds)) ?? Number.NaN;
      if (round > 0) windows.push({ http: perSecond, bare, client, cpuMicros, p99Ms, megabytes });
    }
    const of = (figure: keyof PairFigures) => median(windows.map((one) => one[figure]));
    return {
      http: of('http'),
      bare: of('bare'),
      client: of('client'),
      cpuMicros: of('cpuMicros'),
      p99Ms: of('p99Ms'),
      megabytes: Math.max(...windows.map((one) => one.megabytes)),
    };
  });
}

/** pgbench, the client alone where the pair has one, and the request. */
export function pairLines(request: string, place: string, figures: PairFigures): RowResult['lines'] {
  const { http, bare, client, cpuMicros, p99Ms, megabytes } = figures;
  const none = { 'auth CPU µs': undefined, 'p99 ms': undefined, 'auth memory MB': undefined };
  return [
    { subject: `pgbench, the same statements, ${place}`, 'a second': bare, '× pgbench': 1, ...none },
    ...(Number.isNaN(client)
      ? []
      : [
          {
            subject: `they alone, from one process of Node, ${place}`,
            'a second': client,
            '× pgbench': client / bare,
            ...none,
          },
        ]),
    {
      subject: `${request}, ${place}`,
      'a second': http,
      '× pgbench': http / bare,
      'auth CPU µs': cpuMicros,
      'p99 ms': p99Ms,
      'auth memory MB': megabytes,
    },
  ];
}
