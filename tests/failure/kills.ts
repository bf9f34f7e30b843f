// `kill -9` of one part again and again, at random points under load. Requests under way may fail; what was acknowledged
// holds, and everything is ready again soon.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readRunState } from '../../launch/data-dir-lock.ts';
import { choosePlace, startSystem } from '../journeys/spawn-system.ts';
import { type Target } from '../proofs/http-client.ts';
import { summarize } from '../proofs/percentile.ts';
import type { Service } from '../proofs/spawn-service.ts';
import { openSuperuser } from '../proofs/superuser.ts';
import { checkLedger, type LedgerFigures } from './check-ledger.ts';
import { type MixedLoad, startMixedLoad } from './drive-load.ts';
import { readLedger, untilWhole } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

export const killedParts = ['auth', 'gateway', 'postgres', 'redis', 'nginx-worker'] as const;
export type KilledPart = (typeof killedParts)[number];

export type KillOptions = {
  readonly times: number;
  readonly readsPerSecond: number;
  readonly lives: number;
  /** Between two kills something from nothing up to this, in milliseconds. */
  readonly pauseMsMax: number;
};

/** Kills it; resolves when it is there again. */
async function killAndAwait(rig: Rig, part: KilledPart, round: number): Promise<void> {
  switch (part) {
    case 'auth':
      return killService(rig.auths[round % rig.auths.length]!);
    case 'gateway':
      return killService(rig.gateways[round % rig.gateways.length]!);
    case 'postgres':
    case 'redis': {
      const server = rig[part];
      const pid = server.pid();
      assert.ok(pid !== undefined, `${part} runs`);
      process.kill(pid, 'SIGKILL');
      const deadline = performance.now() + 30_000;
      while (server.pid() === pid || server.pid() === undefined) {
        assert.ok(performance.now() < deadline, `${part} is not started again`);
        await delay(10);
      }
      return;
    }
    case 'nginx-worker': {
      const workers = execFileSync('pgrep', ['-P', String(rig.nginx.pid())], { encoding: 'utf8' });
      process.kill(Number(workers.split('\n')[0]), 'SIGKILL');
      return;
    }
    default:
      return part satisfies never;
  }
}

/** A kill before anything is acknowledged can undo nothing. */
async function untilAcknowledged({ ledger }: MixedLoad): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (ledger.events.length === 0) {
    assert.ok(performance.now() < deadline, 'nothing is acknowledged');
    await delay(10);
  }
}

async function killService(service: Service): Promise<void> {
  await service.stop('SIGKILL');
  await service.start();
}

export async function proveKillsLoseNothing(rig: Rig, part: KilledPart, options: KillOptions) {
  const { entry, admin } = rig;
  const load = await startMixedLoad({ entry, admin, ...options });
  const readyMs: number[] = [];
  try {
    await untilAcknowledged(load);
    for (let round = 0; round < options.times; round += 1) {
      await delay(Math.random() * options.pauseMsMax);
      const startMs = performance.now();
      await killAndAwait(rig, part, round);
      const againMs = performance.now() - startMs;
      readyMs.push(againMs + (await untilWhole(entry, load.tokens[0]!, '/up/probe')));
    }
  } finally {
    await load.stop();
  }
  return describe(load, readyMs, await readLedger(rig, load));
}

function describe(load: MixedLoad, readyMs: readonly number[], ledger: LedgerFigures) {
  return {
    kills: readyMs.length,
    readyAgain: summarize(readyMs),
    reads: load.answers.tally('read').answers,
    writes: load.answers.tally('write').answers,
    ledger,
  };
}

/** The whole embedded run at once: one Node process and its PostgreSQL, as by a power switch but for the disk. */
export async function proveEmbeddedKillsLoseNothing(options: KillOptions) {
  const dir = mkdtempSync(join(tmpdir(), 'pi-fault-'));
  const place = await choosePlace(join(dir, 'data'), {
    RATE_LIMIT_LOGIN_PER_IP: 'off',
    RATE_LIMIT_REGISTER_PER_IP: 'off',
    ACCESS_TOKEN_TTL_SECONDS: '7200',
    GATEWAY_SHED_LAG_MS: 'off',
  });
  const url = new URL(place.entryUrl);
  const entry: Target = { host: url.hostname, port: Number(url.port) };
  const readPath = '/api/auth/me';
  let system = await startSystem('embedded', place);
  try {
    const { admin } = system;
    assert.ok(admin !== undefined, 'the first start names the admin');
    const load = await startMixedLoad({ entry, admin, readPath, ...options });
    const readyMs: number[] = [];
    try {
      await untilAcknowledged(load);
      for (let round = 0; round < options.times; round += 1) {
        await delay(Math.random() * options.pauseMsMax);
        await system.killGroup();
        const startMs = performance.now();
        system = await startSystem('embedded', place);
        const againMs = performance.now() - startMs;
        readyMs.push(againMs + (await untilWhole(entry, load.tokens[0]!, readPath)));
      }
    } finally {
      await load.stop();
    }
    const databaseUrl = readRunState(join(dir, 'data'))?.databaseUrl;
    assert.ok(databaseUrl !== undefined, 'the run tells where its database is');
    const database = await openSuperuser(databaseUrl);
    try {
      return describe(load, readyMs, await checkLedger(load.ledger, { database, entry, readPath }));
    } finally {
      await database.close();
    }
  } finally {
    await system.killGroup().catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  }
}
