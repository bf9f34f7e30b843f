// The memory of one process as the machine pays for it (Linux: PSS from /proc), and the most of it meanwhile.

import { readFileSync } from 'node:fs';

const sampleMs = 100;

function read(pid: number, row: string): number {
  const [, kib = ''] =
    new RegExp(`^${row}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

/** In bytes. */
export const memoryOf = (pid: number): number => read(pid, 'Pss');

/** In bytes, without the program's own pages: of those each has the less the more processes run the same one. */
export const dataMemoryOf = (pid: number): number => read(pid, 'Pss_Anon');

/** Looks ten times a second while `work` goes on; a process has a peak between two looks, too, but not for long. */
export async function peakMemoryOf<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; peak: number }> {
  let peak = 0;
  const look = () => (peak = Math.max(peak, memoryOf(pid)));
  const timer = setInterval(look, sampleMs);
  try {
    const result = await work();
    look();
    return { result, peak };
  } finally {
    clearInterval(timer);
  }
}
