// How subjects are compared: short windows of all of them in turn, several rounds, the median of each figure. What
// changes on the machine from minute to minute hits all of them alike.

import { measureProcessTree } from '../../tools/process-memory.ts';
import { type Load, runLoad } from './load.ts';
import { measureCpuMs } from './process-cpu.ts';

export type Subject = {
  readonly name: string;
  /** The processes whose time is counted, with what they started. */
  readonly pids: readonly number[];
  readonly load: Load;
  /** Processes that share the load. */
  readonly processes?: number;
};

export type Figures = {
  /** Microseconds of processor time a request at saturation. */
  readonly cpuMicros: number;
  readonly perSecond: number;
  /** At half of that rate; undefined where it was not asked for. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly megabytes: number;
};

export type Measured = { readonly name: string } & Figures;

type Options = { readonly rounds: number; readonly withLatency: boolean };

/** Every token comes once at the least, and what is compiled is compiled: after this the figures no longer fall. */
const warmUpSeconds = 6;

/** Each of several gets its share of the requests only, compiles for itself, and has the others beside it on its core. */
const warmUpSecondsOf = (processes: number) => warmUpSeconds * (processes === 1 ? 1 : 2 * processes);

type Window = { cpuMicros: number; perSecond: number; p50Ms: number; p99Ms: number; megabytes: number };

export async function measureAll(
  subjects: readonly Subject[],
  { rounds, withLatency }: Options,
): Promise<Measured[]> {
  const windows = new Map<Subject, Window[]>();
  for (const subject of subjects) {
    await runLoad({
      ...subject.load,
      isEachOnce: true,
      seconds: warmUpSecondsOf(subject.processes ?? 1),
    });
    windows.set(subject, []);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) windows.get(subject)!.push(await measureOnce(subject, withLatency));
  }
  return [...windows].map(([{ name }, all]) => ({
    name,
    cpuMicros: median(all.map((one) => one.cpuMicros)),
    perSecond: median(all.map((one) => one.perSecond)),
    p50Ms: withLatency ? median(all.map((one) => one.p50Ms)) : undefined,
    p99Ms: withLatency ? median(all.map((one) => one.p99Ms)) : undefined,
    megabytes: Math.max(...all.map((one) => one.megabytes)),
  }));
}

async function measureOnce({ pids, load }: Subject, withLatency: boolean): Promise<Window> {
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + measureCpuMs(pid), 0);
  const before = cpuMs();
  const full = await runLoad(load);
  const cpuMicros = ((cpuMs() - before) * 1000) / full.requests;
  const megabytes = pids.flatMap(measureProcessTree).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const half = withLatency ? await runLoad({ ...load, perSecond: full.perSecond / 2 }) : full;
  return { cpuMicros, perSecond: full.perSecond, p50Ms: half.p50Ms, p99Ms: half.p99Ms, megabytes };
}

/** The middle one; of an even number the upper. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
