// What a killed run left behind is stopped before a new one starts. A process counts as ours only if it carries
// the mark of our data on its command line: a process id alone may belong to anybody by now. The caller holds
// the lock of the data directory, so nobody else starts anything there meanwhile.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const endsWithinMs = 5_000;

/** For the command line of a server; the same directory always gives the same mark. */
export function markOf(dir: string): string {
  return `pi-gateway-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 16)}`;
}

/** Empty when there is no such process, or only its corpse that nobody has collected. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ');
  }
  return spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout ?? '';
}

async function ends(pid: number): Promise<boolean> {
  const deadline = performance.now() + endsWithinMs;
  while ((await commandLine(pid)) !== '') {
    if (performance.now() > deadline) return false;
    await delay(10);
  }
  return true;
}

/** Stops process `pid` if it carries `mark`: by `signal`, and by SIGKILL when that is not enough. */
export async function stopLeftover(pid: number, mark: string, signal: NodeJS.Signals): Promise<boolean> {
  if (!(pid > 1) || !(await commandLine(pid)).includes(mark)) return false;
  for (const next of [signal, 'SIGKILL'] as const) {
    process.kill(pid, next);
    if (await ends(pid)) break;
  }
  return true;
}

/** Stops every process that a `.pid` file in the data directory names: they may hold ports that are wanted now. */
export async function stopLeftovers(dataDir: string): Promise<void> {
  const mark = markOf(dataDir);
  const names = (await readdir(dataDir)).filter((name) => name.endsWith('.pid'));
  const stopping = names.map(async (name) => {
    const pid = Number(await readFile(join(dataDir, name), 'utf8').catch(() => ''));
    // Only nginx has children of its own to take along.
    await stopLeftover(pid, mark, name === 'nginx.pid' ? 'SIGTERM' : 'SIGKILL');
  });
  await Promise.all(stopping);
}
