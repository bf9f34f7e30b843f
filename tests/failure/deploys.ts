// What an operator does while people are served: restarts every auth and every gateway one after the other, reloads nginx,
// lets signing keys turn, takes migrations back and makes them again. Nobody may notice.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '@pi-gateway/auth/db/migrate.ts';
import { runLeanLoad } from '../proofs/lean-load.ts';
import { readKeyId } from '../proofs/read-claims.ts';
import { type MixedLoad, startMixedLoad } from './drive-load.ts';
import { readLedger } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

export type DeployOptions = {
  readonly perSecond: number;
  readonly seconds: number;
  readonly lives: number;
};

/** For `startRig`: keys turn all the time, and no more of them are published than may be. */
export const turningKeys = { SIGNING_KEY_ROTATION_SECONDS: '5', ACCESS_TOKEN_TTL_SECONDS: '600' };

const pauseMs = 300;

/** One after the other, each out in order and in again before the next. */
async function restartEach(rig: Rig): Promise<number> {
  const services = [...rig.auths, ...rig.gateways];
  for (const service of services) {
    await service.stop('SIGTERM');
    await service.start();
    await delay(pauseMs);
  }
  return services.length;
}

async function reloadNginx(rig: Rig): Promise<number> {
  process.kill(rig.nginx.pid()!, 'SIGHUP');
  await delay(pauseMs);
  return 1;
}

/** The newest migration is taken back and made again, beneath services that run. */
async function migrateBackAndForth(rig: Rig): Promise<number> {
  const [name] = await migrate(rig.databaseUrl, 'down');
  await delay(pauseMs);
  assert.deepEqual(await migrate(rig.databaseUrl, 'up'), [name]);
  await delay(pauseMs);
  return 1;
}

const acts = { restarts: restartEach, nginxReloads: reloadNginx, migrations: migrateBackAndForth };

export async function proveDeploysUnnoticed(rig: Rig, { perSecond, seconds, lives }: DeployOptions) {
  const { entry, admin } = rig;
  if (!('port' in entry)) throw new Error('the entry listens on a port');
  // nginx closes its idle connections when it is reloaded. Whoever was about to use one asks again, as browsers do.
  let writesRetried = 0;
  const onClosed = () => void (writesRetried += 1);
  const load = await startMixedLoad({ entry, admin, readsPerSecond: 5, lives, onClosed });
  const lean = runLeanLoad({
    port: entry.port,
    paths: ['/up/x', '/up/y?z=1'],
    tokens: load.tokens,
    perSecond,
    seconds,
    retriesClosed: true,
  });
  const state = { isOver: false };
  const ended = lean.finally(() => (state.isOver = true));
  ended.catch(() => undefined);
  const done = { restarts: 0, nginxReloads: 0, migrations: 0 };
  try {
    while (!state.isOver) {
      for (const [name, act] of Object.entries(acts) as [keyof typeof acts, typeof restartEach][]) {
        if (!state.isOver) done[name] += await act(rig);
      }
    }
  } finally {
    await load.stop();
  }
  const kids = new Set(load.ledger.sessions.map(({ accessToken }) => readKeyId(accessToken)));
  return { ...(await ended), ...done, keys: kids.size, writesRetried, ...(await describe(rig, load)) };
}

async function describe(rig: Rig, load: MixedLoad) {
  return {
    reads: load.answers.tally('read').answers,
    writes: load.answers.tally('write').answers,
    ledger: await readLedger(rig, load),
  };
}

/** Old code beside new, on the schema of the new, each restarted again and again: a deploy that takes its time. */
export async function proveOldCodeGoesOn(rig: Rig, seconds: number) {
  const { entry, admin } = rig;
  const load = await startMixedLoad({ entry, admin, readsPerSecond: 50, lives: 6 });
  const endMs = performance.now() + seconds * 1000;
  let restarts = 0;
  try {
    while (performance.now() < endMs) {
      const service = rig.auths[restarts % 2]!;
      await delay(pauseMs);
      await service.stop('SIGTERM');
      await service.start();
      restarts += 1;
    }
  } finally {
    await load.stop();
  }
  return { restarts, ...(await describe(rig, load)) };
}
