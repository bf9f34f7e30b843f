// How long a verification of many events takes in the database: makes them, seals them, and verifies all with `pi audit
// verify` as a process of its own, its start included. That process, with all its threads, and the server's one for it
// share a single processor, where taskset can say so: PostgreSQL's work counts. Then the same where each may have its own.

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeSealedLog, type SealedLog } from '@pi-gateway/auth/testing/sealed-log.ts';

const program = join(import.meta.dirname, '../../cli/pi.ts');

type Told = { holds: boolean; events: number; seals: number; persons: { held: number } };

export async function measureVerification(events: number, rounds: number) {
  const log = await makeSealedLog();
  try {
    const startMs = performance.now();
    await log.write(events);
    const writtenMs = performance.now();
    await log.seal();
    const sealedMs = performance.now();
    await log.superuser.query('vacuum analyze');
    const [together, apart]: number[][] = [[], []];
    let told: Told | undefined;
    for (let round = 0; round < rounds; round++) {
      for (const isPinned of [true, false]) {
        const verifiedMs = performance.now();
        told = await verify(log, isPinned && canPin());
        (isPinned ? together : apart)!.push((performance.now() - verifiedMs) / 1000);
        if (!told.holds) throw new Error(`it does not hold: ${JSON.stringify(told)}`);
      }
    }
    return {
      events: told!.events,
      seals: told!.seals,
      sideRows: told!.persons.held,
      onOneProcessor: canPin(),
      verifySeconds: together!,
      slowestSeconds: Math.max(...together!),
      verifySecondsApart: apart!,
      writeSeconds: (writtenMs - startMs) / 1000,
      sealSeconds: (sealedMs - writtenMs) / 1000,
    };
  } finally {
    await log.close();
  }
}

function canPin(): boolean {
  return spawnSync('taskset', ['-V']).status === 0;
}

async function verify(log: SealedLog, isPinned: boolean): Promise<Told> {
  const args = [process.execPath, program, 'audit', 'verify', '--json'];
  const [command, ...rest] = isPinned ? ['taskset', '-c', '0', ...args] : args;
  const child = spawn(command!, rest, { env: { PATH: process.env['PATH'], ...log.env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (isPinned) while (child.exitCode === null && !(await pinServer(log))) await delay(5);
  await ended;
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Told;
}

/** The server's process for the verification, onto the same processor. */
async function pinServer(log: SealedLog): Promise<boolean> {
  const { rows } = await log.superuser.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'pi-read' and datname = current_database()`,
  );
  const [row] = rows;
  if (row === undefined) return false;
  spawnSync('taskset', ['-cp', '0', String(row.pid)]);
  return true;
}
