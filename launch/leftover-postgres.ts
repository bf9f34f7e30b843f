// A PostgreSQL that a killed run left behind on our data directory is stopped before a new one starts. It is
// ours only if the process that postmaster.pid names carries our mark on its command line; a foreign process
// is never touched. The caller holds the lock of the data directory, so nobody else starts a server meanwhile.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';

/** Stands on the server's command line as its cluster name; the same directory always gives the same mark. */
export function clusterMark(dir: string): string {
  return `pi-gateway-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 16)}`;
}

/** Empty when there is no such process, or only its corpse that nobody has collected. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ');
  }
  return spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout ?? '';
}

async function endsWithin(pid: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while ((await commandLine(pid)) !== '') {
    if (performance.now() > deadline) return false;
    await delay(10);
  }
  return true;
}

/** @throws {LaunchError} when a server that is not ours runs on the directory. */
export async function stopLeftoverPostgres(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const socketDir = lines[4] ?? '';
  if (!(pid > 1)) return;
  const command = await commandLine(pid);
  if (command.includes(clusterMark(dir))) {
    process.kill(pid, 'SIGINT');
    if (!(await endsWithin(pid, 5_000))) {
      process.kill(pid, 'SIGQUIT');
      await endsWithin(pid, 5_000);
    }
  } else if (
    /postgres/.test(command) &&
    (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === realpathSync(dir)
  ) {
    throw new LaunchError(
      `${dir} is in use by process ${pid} (${command.trim().slice(0, 80)}): stop it first.`,
    );
  } else {
    await rm(pidFile, { force: true });
  }
  if (/\/pi-gateway-[A-Za-z0-9]+$/.test(socketDir)) await rm(socketDir, { recursive: true, force: true });
}
