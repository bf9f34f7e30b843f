// Logins for unknown users, far more than there are cores for, from many networks, so that no limit but the gate
// before the hashes holds them. Meanwhile somebody who is signed in asks who he is, through the same gateway, as he
// did before in quiet. Sampled are the hashes in flight and the memory of every process.

import { setTimeout as delay } from 'node:timers/promises';
import { measureProcessTree } from '../../tools/process-memory.ts';
import type { Target } from './http-client.ts';
import { readMetrics } from './read-metrics.ts';
import { type LoadReport, runLoad } from './run-load.ts';
import { slope } from './slope.ts';

export type FloodOptions = {
  readonly loginsPerSecond: number;
  readonly seconds: number;
  readonly networks: number;
  /** Of `GET /api/auth/me`, in quiet and under the flood. */
  readonly asksPerSecond: number;
  readonly quietSeconds: number;
  /** What happens before is not counted in the growth of memory. */
  readonly settleSeconds: number;
};

/** A running system, however it was started. */
export type FloodedSystem = {
  readonly entry: Target;
  readonly token: string;
  readonly authMetricsUrl: string;
  /** Processes whose memory counts, with all they started. */
  readonly pids: readonly number[];
};

// Each asks auth for all its metrics, which holds its event loop for two to three milliseconds: often enough for hundreds of
// samples, and not so often that it is what a slow answer waited for.
const hashSampleMs = 500;
// Counting shared pages holds a process up for a moment.
const memorySampleMs = 1000;
// Code that was never run is slow, and compiling it takes the processors: what is measured is a system that has served
// both before, as one that runs for a minute has.
const warmUpSeconds = 10;
const emptyMs = 10_000;

export async function measureLoginFlood(system: FloodedSystem, options: FloodOptions) {
  const { loginsPerSecond, seconds, networks, asksPerSecond, quietSeconds, settleSeconds } = options;
  const ask = (forSeconds: number) =>
    runLoad({
      kind: 'get',
      target: system.entry,
      path: '/api/auth/me',
      token: system.token,
      perSecond: asksPerSecond,
      seconds: forSeconds,
    });
  const floodFor = (forSeconds: number) =>
    runLoad({
      kind: 'login',
      target: system.entry,
      path: '/api/auth/login',
      perSecond: loginsPerSecond,
      seconds: forSeconds,
      networks,
    });
  await Promise.all([floodFor(warmUpSeconds), ask(warmUpSeconds)]);
  await untilNoHashWaits(system);
  // Samples are taken in quiet too: what they cost is in both figures.
  const quietSamples = openSamples(system);
  const quiet = await ask(quietSeconds);
  await quietSamples.stop();
  const samples = openSamples(system);
  const [flood, asked] = await Promise.all([floodFor(seconds), ask(seconds)]);
  const { hashes, memory } = await samples.stop();
  const settled = memory.filter(({ atSeconds }) => atSeconds >= settleSeconds);
  const [hashesInFlightAllowed] = await readMetrics(system.authMetricsUrl, ['pi_auth_hashes_running_max']);
  const [quietTimes, floodTimes] = [quiet.answers[200], asked.answers[200]];
  return {
    loginsPerSecond: flood.perSecond,
    seconds,
    networks,
    answers: countAnswers(flood),
    notAnswered: flood.sent - (flood.answers[401]?.count ?? 0) - flood.surplus.count,
    hashesInFlightMax: Math.max(...hashes.map(({ running }) => running)),
    hashesInFlightAllowed,
    waitingMax: Math.max(...hashes.map(({ waiting }) => waiting)),
    samplesOfHashes: hashes.length,
    surplus: flood.surplus,
    evaluated: flood.answers[401],
    memorySettledMb: settled[0]?.mb,
    memoryAtTheEndMb: settled.at(-1)?.mb,
    memoryMbPerMinute: slope(settled.map(({ atSeconds, mb }) => [atSeconds, mb])) * 60,
    askedInQuiet: quietTimes,
    askedUnderFlood: floodTimes,
    askedP99Ratio: (floodTimes?.p99Ms ?? Number.NaN) / (quietTimes?.p99Ms ?? Number.NaN),
    asksNotAnswered200: asked.sent - (floodTimes?.count ?? 0),
  };
}

async function untilNoHashWaits({ authMetricsUrl }: FloodedSystem): Promise<void> {
  const endMs = performance.now() + emptyMs;
  for (;;) {
    const [running, waiting] = await readMetrics(authMetricsUrl, [
      'pi_auth_hashes_running',
      'pi_auth_hashes_waiting',
    ]);
    if (running + waiting === 0) return;
    if (performance.now() > endMs) throw new Error(`${running + waiting} hashes are still to be made`);
    await delay(hashSampleMs);
  }
}

function countAnswers({ answers, failed }: LoadReport): Record<string, number> {
  const counts = Object.entries(answers).map(([status, { count }]) => [status, count] as const);
  return Object.fromEntries([...counts, ['none', failed]]);
}

type MemorySample = { readonly atSeconds: number; readonly mb: number };

function openSamples({ authMetricsUrl, pids }: FloodedSystem) {
  const hashes: { readonly running: number; readonly waiting: number }[] = [];
  const memory: MemorySample[] = [];
  const state = { isOver: false };
  const startMs = performance.now();
  async function sampleHashes(): Promise<void> {
    const names = ['pi_auth_hashes_running', 'pi_auth_hashes_waiting'] as const;
    while (!state.isOver) {
      const [running, waiting] = await readMetrics(authMetricsUrl, names);
      hashes.push({ running, waiting });
      await delay(hashSampleMs);
    }
  }
  async function sampleMemory(): Promise<void> {
    while (!state.isOver) {
      const bytes = pids.flatMap((pid) => measureProcessTree(pid)).reduce((sum, one) => sum + one.bytes, 0);
      memory.push({ atSeconds: (performance.now() - startMs) / 1000, mb: bytes / 1e6 });
      await delay(memorySampleMs);
    }
  }
  const running = Promise.all([sampleHashes(), sampleMemory()]);
  return {
    async stop() {
      state.isOver = true;
      await running;
      return { hashes, memory };
    },
  };
}
