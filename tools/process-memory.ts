// The memory of a process and all it started, as the machine pays for it. Linux: PSS (proportional set size),
// which counts a page shared by n processes as 1/n each; elsewhere RSS from ps, which counts it n times.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export type ProcessMemory = { readonly pid: number; readonly command: string; readonly bytes: number };

type Process = {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly rssKib: number;
};

/** `pid` and its descendants, those in sessions of their own included. */
export function measureProcessTree(pid: number): ProcessMemory[] {
  const all = listProcesses();
  const wanted = new Set([pid]);
  for (let grown = 0; grown !== wanted.size; ) {
    grown = wanted.size;
    for (const one of all) if (wanted.has(one.parent)) wanted.add(one.pid);
  }
  return all
    .filter((one) => wanted.has(one.pid))
    .map((one) => ({ pid: one.pid, command: one.command, bytes: (pssKib(one.pid) ?? one.rssKib) * 1024 }));
}

/** What `measureProcessTree` counts on this machine. */
export const memoryKind = process.platform === 'linux' ? 'PSS' : 'RSS';

function listProcesses(): Process[] {
  if (process.platform === 'linux') return listFromProc();
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap(readPsLine);
}

function readPsLine(line: string): Process[] {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
  if (match === null) return [];
  return [
    { pid: Number(match[1]), parent: Number(match[2]), rssKib: Number(match[3]), command: match[4] ?? '' },
  ];
}

function listFromProc(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const rssKib = Number(afterName[21]) * 4;
        return [{ pid: Number(name), parent: Number(afterName[1]), command, rssKib }];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

function pssKib(pid: number): number | undefined {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
