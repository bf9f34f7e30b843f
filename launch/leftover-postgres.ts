// A PostgreSQL that a killed run left behind on our data directory: postmaster.pid names it. SIGKILL is the
// last resort even here; the write-ahead log makes it safe.

import { realpathSync } from 'node:fs';
import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { commandLine, markOf, stopLeftover } from './leftover.ts';

/** @throws {LaunchError} when a server that is not ours runs on the directory. */
export async function stopLeftoverPostgres(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const socketDir = lines[4] ?? '';
  if (!(pid > 1)) return;
  if (!(await stopLeftover(pid, markOf(dir), 'SIGINT'))) {
    const command = await commandLine(pid);
    const workingDir = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (command.includes('postgres') && workingDir === realpathSync(dir)) {
      throw new LaunchError(`${dir} is in use by process ${pid} (${command.slice(0, 80)}): stop it first.`);
    }
    await rm(pidFile, { force: true });
  }
  if (/\/pi-gateway-[A-Za-z0-9]+$/.test(socketDir)) await rm(socketDir, { recursive: true, force: true });
}
