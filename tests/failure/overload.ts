// Five times as much as the system can do, for a minute, and back to what is usual: it does nearly as much as at its best
// all the while, and is as quick as before soon after. The load comes from the machine that it is on, so the best is what
// is left beside the generator.

import { type LoadResult, runLeanLoad } from '../proofs/lean-load.ts';
import { startMixedLoad } from './drive-load.ts';
import type { Rig } from './start-rig.ts';

export type OverloadOptions = {
  readonly seconds: number;
  readonly times: number;
  /** Of one step in the search for the peak. */
  readonly stepSeconds: number;
};

const firstRate = 500;
const rateMax = 64_000;
const usualShare = 0.3;
const windowSeconds = 2;
const recoveryWindowsMax = 30;
const patienceMs = 1000;
// Windows of two seconds differ by chance.
const normalTimes = 2;
const normalMsMin = 25;

/** Over all the time it took, of which the end is for what still waited: at the peak as under overload. */
function goodPerSecond({ sent, perSecond, failed }: LoadResult): number {
  const bad = Object.values(failed).reduce((sum, count) => sum + count, 0);
  return perSecond * (1 - bad / sent);
}

export async function proveOverloadIsSurvived(rig: Rig, options: OverloadOptions) {
  const { entry, admin } = rig;
  if (!('port' in entry)) throw new Error('the entry listens on a port');
  const { port } = entry;
  const idle = await startMixedLoad({ entry, admin, readsPerSecond: 1, lives: 1 });
  const { tokens } = idle;
  await idle.stop();
  const run = (perSecond: number, seconds: number) =>
    runLeanLoad({ port, paths: ['/up/x'], tokens, perSecond, seconds, retriesClosed: true, patienceMs });

  let peak = 0;
  for (let rate = firstRate; rate <= rateMax; rate *= 1.5) {
    const good = goodPerSecond(await run(Math.round(rate), options.stepSeconds));
    peak = Math.max(peak, good);
    if (good < rate * 0.8) break;
  }
  const usual = Math.round(peak * usualShare);
  const before = await run(usual, windowSeconds * 2);
  const over = await run(Math.round(peak * options.times), options.seconds);
  const normalMs = Math.max(before.latency.p99Ms * normalTimes, normalMsMin);
  const endMs = performance.now();
  let recoveredMs = Number.POSITIVE_INFINITY;
  for (let window = 0; window < recoveryWindowsMax && recoveredMs === Number.POSITIVE_INFINITY; window += 1) {
    const beganMs = performance.now();
    const { latency, failed } = await run(usual, windowSeconds);
    const isNormal = latency.p99Ms <= normalMs && Object.keys(failed).length === 0;
    if (isNormal) recoveredMs = beganMs - endMs;
  }
  return {
    peakPerSecond: peak,
    offeredPerSecond: Math.round(peak * options.times),
    seconds: options.seconds,
    goodPerSecond: goodPerSecond(over),
    failed: over.failed,
    givenUp: over.givenUp,
    usualPerSecond: usual,
    p99BeforeMs: before.latency.p99Ms,
    p99OverMs: over.latency.p99Ms,
    recoveredMs,
  };
}
