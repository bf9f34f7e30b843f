// What a gateway pays for the revocations it holds: two systems side by side, one with none and one with so many
// in its table, their gateways freshly started. Compared are the memory of the two workers and the time of the
// same requests, in many short rounds that take turns, so that whatever else the machine does hits both alike; and
// the processor time that the workers used for them, which other work on the machine hardly touches.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from './http-client.ts';
import { percentile } from './percentile.ts';
import { readClaims } from './read-claims.ts';
import { type System, startSystem } from './start-system.ts';
import { openSuperuser } from './superuser.ts';

export type ManyOptions = {
  readonly revocations: number;
  readonly rounds: number;
  readonly requestsPerRound: number;
  /** Before memory is read: what loading left behind is collected by then. */
  readonly settleMs: number;
};

const atOnce = 8;
const layout = { auths: 1, gateways: 1, workers: 1, redis: true } as const;

export async function measureManyRevocations(options: ManyOptions) {
  const systems = await Promise.all([startSystem(layout), startSystem(layout)]);
  const [none, many] = systems;
  try {
    const victim = await openAccount(many);
    const loadMs = await fill(many, options.revocations, readClaims(victim).sid);
    // It stands in the middle of them all.
    const refused = await send(many.gateways[0]!.target, { path: '/up/x', token: victim });
    assert.equal(refused.status, 401);
    const accounts = await Promise.all(systems.map(openAccount));
    const [tokenOfNone = '', tokenOfMany = ''] = accounts;
    const sides = [
      { system: none, token: tokenOfNone, roundsMs: [] as number[], cpuMs: [] as number[] },
      { system: many, token: tokenOfMany, roundsMs: [] as number[], cpuMs: [] as number[] },
    ];
    // The first rounds are for the compilers of both, and not counted.
    const warmUp = Math.ceil(options.rounds / 10);
    for (let round = -warmUp; round < options.rounds; round += 1) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const cpuBeforeMs = processorMs(side.system);
        const ms = await runRound(side.system, side.token, options.requestsPerRound);
        if (round < 0) continue;
        side.roundsMs.push(ms);
        side.cpuMs.push(processorMs(side.system) - cpuBeforeMs);
      }
    }
    await delay(options.settleMs);
    const [memoryOfNone = 0, memoryOfMany = 0] = sides.map(({ system }) => residentBytes(system));
    const [msOfNone = 0, msOfMany = 0] = sides.map(({ roundsMs }) => percentile(roundsMs, 0.5));
    // Round by round: what slows the machine down for a while slows both of a pair.
    const [ofNone, ofMany] = sides.map(({ roundsMs }) => roundsMs) as [number[], number[]];
    const pairs = ofMany.map((ms, round) => ms / ofNone[round]!);
    const [cpuOfNone = 0, cpuOfMany = 0] = sides.map(({ cpuMs }) => sum(cpuMs) / options.rounds);
    return {
      revocations: options.revocations,
      rounds: options.rounds,
      requestsPerRound: options.requestsPerRound,
      gatewayReadyAgainMs: loadMs,
      memoryWithNoneMb: memoryOfNone / 1e6,
      memoryWithManyMb: memoryOfMany / 1e6,
      heldMb: (memoryOfMany - memoryOfNone) / 1e6,
      medianRoundWithNoneMs: msOfNone,
      medianRoundWithManyMs: msOfMany,
      slowerPercent: (percentile(pairs, 0.5) - 1) * 100,
      processorPerRoundWithNoneMs: cpuOfNone,
      processorPerRoundWithManyMs: cpuOfMany,
      moreProcessorPercent: (cpuOfMany / cpuOfNone - 1) * 100,
    };
  } finally {
    await Promise.all(systems.map((system) => system.close()));
  }
}

/** Puts living revocations into the table and starts the gateway anew; gives the time until it is ready. */
async function fill(system: System, count: number, victim: string): Promise<number> {
  const superuser = await openSuperuser(system.database.superuserUrl);
  await superuser.rows(
    `insert into revocations (kind, id, not_before, until, created_at)
      select 'session', uuid_v7(at), at, now() + interval '1 hour', at
      from (select now() - interval '10 minutes' - n * interval '1 microsecond' as at
        from generate_series(1, $1::int) as n) as past`,
    [count],
  );
  await superuser.rows(
    `insert into revocations
      select 'session', $2::uuid, now(), now() + interval '1 hour',
        now() - interval '10 minutes' - $1::int / 2 * interval '1 microsecond'`,
    [count, victim],
  );
  await superuser.close();
  const [worker] = system.gateways[0]!.workers;
  await worker!.stop();
  const startMs = performance.now();
  await worker!.start();
  return performance.now() - startMs;
}

async function openAccount(system: System): Promise<string> {
  const { email } = await system.register();
  return (await system.login(email)).access_token;
}

async function runRound({ gateways }: System, token: string, requests: number): Promise<number> {
  const { target } = gateways[0]!;
  const startMs = performance.now();
  let left = requests;
  const ask = async () => {
    while (left > 0) {
      left -= 1;
      assert.equal((await send(target, { path: '/up/x', token })).status, 200);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  return performance.now() - startMs;
}

/** Memory that is this process's own (RssAnon of proc(5)): neither the program nor libraries. Linux only. */
function residentBytes({ gateways }: System): number {
  const status = readFileSync(`/proc/${gateways[0]!.workers[0]!.pid()}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** What the worker has used of the processors so far (utime and stime of proc(5), in ticks of 10 ms). Linux only. */
function processorMs({ gateways }: System): number {
  const stat = readFileSync(`/proc/${gateways[0]!.workers[0]!.pid()}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
