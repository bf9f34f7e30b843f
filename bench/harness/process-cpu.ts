// The processor time of a process and all it started, as the operating system accounts it (Linux: /proc).

import { readdirSync, readFileSync } from 'node:fs';

/** Of one tick in /proc/<pid>/stat: 100 a second on every Linux that Node runs on. */
const tickMs = 10;

type Spent = { readonly parent: number; readonly ms: number };

/** User and system time of `pid` and its living descendants so far, in milliseconds. */
export function measureCpuMs(pid: number): number {
  const all = new Map<number, Spent>();
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) noteProcess(Number(name), all);
  const isInTree = (one: number): boolean => {
    for (let at = one; at > 1; at = all.get(at)?.parent ?? 0) if (at === pid) return true;
    return false;
  };
  return [...all].filter(([one]) => isInTree(one)).reduce((sum, [, { ms }]) => sum + ms, 0);
}

function noteProcess(pid: number, into: Map<number, Spent>): void {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    into.set(pid, { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * tickMs });
  } catch {
    // It ended meanwhile.
  }
}
