// A long run under load in which one fault follows the other. What is kept in memory, open files and connections must be
// as many at its end as when it was warm.

import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { measureProcessTree } from '../../tools/process-memory.ts';
import { slope } from '../proofs/slope.ts';
import { type MixedLoad, startMixedLoad } from './drive-load.ts';
import { type FaultCase, readLedger, untilWhole } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

export type SoakOptions = {
  readonly seconds: number;
  /** Not counted: caches fill, code is compiled. */
  readonly warmSeconds: number;
  readonly readsPerSecond: number;
  readonly lives: number;
  readonly faults: readonly FaultCase[];
  readonly faultSeconds: number;
  readonly faultEverySeconds: number;
};

type Sample = { readonly atSeconds: number; readonly mb: number; readonly descriptors: number };

function sample(pids: readonly number[], atSeconds: number): Sample {
  const bytes = pids.flatMap((pid) => measureProcessTree(pid)).reduce((sum, one) => sum + one.bytes, 0);
  const descriptors = pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
  return { atSeconds, mb: bytes / 1e6, descriptors };
}

/** What the regression line gains over the samples, in percent of where it begins. */
function growthPercent(points: readonly (readonly [number, number])[]): number {
  const [first, last] = [points[0]!, points.at(-1)!];
  const mean = points.reduce((sum, [, value]) => sum + value, 0) / points.length;
  const gained = slope(points) * (last[0] - first[0]);
  return (100 * gained) / (mean - gained / 2);
}

async function breakShortly(rig: Rig, load: MixedLoad, fault: FaultCase, seconds: number): Promise<number> {
  const heal = await fault.inject(rig);
  await delay(seconds * 1000);
  await heal();
  return untilWhole(rig.entry, load.tokens[0]!, '/up/probe').catch((cause: unknown) => {
    throw new Error(`after ${fault.name}: ${(cause as Error).message}`, { cause });
  });
}

export async function soak(rig: Rig, options: SoakOptions) {
  const { entry, admin } = rig;
  const load = await startMixedLoad({ entry, admin, ...options, pauseMs: 500 });
  const pids = [...rig.auths, ...rig.gateways].map((service) => service.pid());
  const startMs = performance.now();
  const elapsed = () => (performance.now() - startMs) / 1000;
  const samples: Sample[] = [];
  let faults = 0;
  const recoveries: number[] = [];
  try {
    while (elapsed() < options.seconds) {
      await delay(options.faultEverySeconds * 1000);
      // In the calm before the next one: what a fault has heaped up is of the past.
      if (elapsed() >= options.warmSeconds) samples.push(sample(pids, elapsed()));
      const fault = options.faults[faults % options.faults.length]!;
      recoveries.push(await breakShortly(rig, load, fault, options.faultSeconds));
      faults += 1;
    }
  } finally {
    await load.stop();
  }
  return {
    seconds: options.seconds,
    faults,
    recoveryMsMax: Math.max(...recoveries),
    reads: load.answers.tally('read').answers,
    writes: load.answers.tally('write').answers,
    samples: samples.length,
    mbFirst: samples[0]?.mb,
    mbLast: samples.at(-1)?.mb,
    memoryGrowthPercent: growthPercent(samples.map(({ atSeconds, mb }) => [atSeconds, mb])),
    descriptorsFirst: samples[0]?.descriptors,
    descriptorsLast: samples.at(-1)?.descriptors,
    descriptorsGrowthPercent: growthPercent(
      samples.map(({ atSeconds, descriptors }) => [atSeconds, descriptors]),
    ),
    ledger: await readLedger(rig, load),
  };
}
