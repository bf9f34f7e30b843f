// The form of most rows of the gateway: several subjects on one service, one line each, and the first is the measure.

import { type BenchRoom, withRoom } from '../harness/bench-room.ts';
import { type Measured, measureAll, type Subject } from '../harness/measure.ts';
import type { Goal, RowResult } from '../harness/row.ts';

export type Comparison = {
  readonly open: (room: BenchRoom) => Promise<readonly Subject[]>;
  /** By the subjects' names. */
  readonly goals?: (of: (name: string) => Measured) => readonly Goal[];
  readonly withLatency?: boolean;
  readonly rounds?: number;
  /** Of the service's files. */
  readonly sizes?: readonly number[];
};

export function compare(comparison: Comparison): Promise<RowResult> {
  const { open, goals, withLatency = false, rounds = 5, sizes = [] } = comparison;
  return withRoom(async (room) => {
    const measured = await measureAll(await open(room), { rounds, withLatency });
    return {
      lines: columnsOf(measured),
      goals: goals?.((name) => measured.find((one) => one.name === name)!) ?? [],
    };
  }, sizes);
}

/** One line a subject, beside the first of them. */
export function columnsOf(measured: readonly Measured[]): RowResult['lines'] {
  const first = measured[0]!;
  return measured.map((one) => ({
    subject: one.name,
    'CPU µs a request': one.cpuMicros,
    '× first': one.cpuMicros / first.cpuMicros,
    'requests/s': one.perSecond,
    'p50 ms at half': one.p50Ms,
    'p99 ms at half': one.p99Ms,
    'memory MB': one.megabytes,
  }));
}

/** What all rows of the gateway have in common. */
export const usual = { connections: 64, seconds: 1 } as const;
