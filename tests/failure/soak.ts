// A long run under load in which one fault follows the other. What is kept in memory, open files and connections must be
// as many at its end as when it was warm. Under load they go up and down with what is under way, by more than what is
// allowed: so the load rests before each sample until pools have let go of what nobody uses, the signing key is withdrawn,
// which empties the caches of tokens (they have a bound, but take longer than this run to reach it), and garbage is
// collected. What is remembered of sessions stands at its bound before anything is counted. Even at rest a connection
// comes and goes with what is asked every second; what leaks never goes, so that each process counts with the fewest it
// has open in a while.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { publishRevocations } from '../../cli/publish-revocations.ts';
import { openDatabase } from '../../services/auth/db/database.ts';
import { revokeSigningKey } from '../../services/auth/keys/change-signing-keys.ts';
import { descriptorsOf } from '../proofs/descriptors-of.ts';
import { heldBy } from '../proofs/held-memory.ts';
import { readKeyId } from '../proofs/read-claims.ts';
import { slope } from '../proofs/slope.ts';
import { type MixedLoad, startMixedLoad } from './drive-load.ts';
import { fillMemory } from './fill-memory.ts';
import { type FaultCase, readLedger, untilWhole } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

export type SoakOptions = {
  /** Under load; the rests come on top. */
  readonly seconds: number;
  /** Not counted: caches fill, code is compiled. */
  readonly warmSeconds: number;
  readonly readsPerSecond: number;
  readonly lives: number;
  /** Before that, until memory is filled. */
  readonly busyLives: number;
  readonly faults: readonly FaultCase[];
  readonly faultSeconds: number;
  readonly faultEverySeconds: number;
  /** Of load, between two rests; the access tokens of the system live longer. */
  readonly legSeconds: number;
  /** With the seconds in which open files are counted: longer than anybody keeps a connection that nobody uses. */
  readonly restSeconds: number;
  readonly onProgress: (text: string) => void;
};

type Sample = {
  readonly atSeconds: number;
  readonly mb: readonly number[];
  readonly open: readonly number[];
};

const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
const looks = 30;
const lookMs = 1000;

async function fewestOpen(pid: number): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks; look += 1) {
    fewest = Math.min(fewest, sum(Object.values(descriptorsOf(pid))));
    await delay(lookMs);
  }
  return fewest;
}

/** Of a system at rest; its processes were started with `collecting`. */
async function sample(pids: readonly number[], atSeconds: number): Promise<Sample> {
  const open = await Promise.all(pids.map(fewestOpen));
  const held = await Promise.all(pids.map(heldBy));
  return { atSeconds, mb: held.map((bytes) => bytes / 1e6), open };
}

/** What the regression line gains over the samples, in percent of where it begins. */
function growthPercent(points: readonly (readonly [number, number])[]): number {
  const [first, last] = [points[0]!, points.at(-1)!];
  const mean = sum(points.map(([, value]) => value)) / points.length;
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

/** The one that signed `token`, as `pi keys revoke` does. */
async function withdrawKey(rig: Rig, token: string): Promise<void> {
  const log = createLog({ service: 'soak', level: 'silent' });
  const db = openDatabase({ url: rig.databaseUrl, poolMax: 1, log });
  try {
    const sealKey = deriveSecret(rig.masterKey, 'signing-key-encryption/v1');
    const revoked = await revokeSigningKey(db, sealKey, readKeyId(token));
    assert.ok(revoked !== undefined);
    await publishRevocations(rig.links.redis.url, revoked.revocations);
  } finally {
    await db.close();
  }
}

/** Beside as many lives as the system can have, so that what is compiled for a busy system is compiled. */
async function warmUp(rig: Rig, { readsPerSecond, busyLives: lives }: SoakOptions): Promise<void> {
  const { entry, admin } = rig;
  const load = await startMixedLoad({ entry, admin, readsPerSecond, lives });
  try {
    await fillMemory(rig);
  } finally {
    await load.stop();
  }
}

export async function soak(rig: Rig, options: SoakOptions) {
  const { entry, admin } = rig;
  await warmUp(rig, options);
  const load = await startMixedLoad({ entry, admin, ...options, pauseMs: 500 });
  const pids = [...rig.auths, ...rig.gateways].map((service) => service.pid());
  const samples: Sample[] = [];
  const recoveries: number[] = [];
  let [loadedMs, legMs] = [0, 0];

  async function sampleAtRest(): Promise<void> {
    await withdrawKey(rig, load.adminToken);
    await delay(options.restSeconds * 1000);
    const taken = await sample(pids, loadedMs / 1000);
    samples.push(taken);
    const ofEach = taken.mb.map((mb, i) => `${mb.toFixed(1)} MB, ${taken.open[i]} open`).join(' · ');
    options.onProgress(`after ${Math.round(taken.atSeconds)} s of load ${ofEach}`);
  }

  try {
    while (loadedMs < options.seconds * 1000) {
      const startMs = performance.now();
      await delay(options.faultEverySeconds * 1000);
      const fault = options.faults[recoveries.length % options.faults.length]!;
      recoveries.push(await breakShortly(rig, load, fault, options.faultSeconds));
      loadedMs += performance.now() - startMs;
      if (loadedMs - legMs < options.legSeconds * 1000) continue;
      legMs = loadedMs;
      await load.stop();
      if (loadedMs >= options.warmSeconds * 1000) await sampleAtRest();
      await load.goOn();
    }
  } finally {
    await load.stop();
  }
  return {
    seconds: options.seconds,
    faults: recoveries.length,
    recoveryMsMax: Math.max(...recoveries),
    reads: load.answers.tally('read').answers,
    writes: load.answers.tally('write').answers,
    mb: samples.map(({ mb }) => Math.round(sum(mb))),
    memoryGrowthPercent: growthPercent(samples.map(({ atSeconds, mb }) => [atSeconds, sum(mb)])),
    descriptors: samples.map(({ open }) => sum(open)),
    descriptorsGrowthPercent: growthPercent(samples.map(({ atSeconds, open }) => [atSeconds, sum(open)])),
    ledger: await readLedger(rig, load),
  };
}
