// The memory of one process as the machine pays for it (Linux: PSS from /proc), and the most of it meanwhile.

import { readFileSync } from 'node:fs';

const sampleMs = 100;

/** In bytes. */
export function memoryOf(pid: number): number {
  const [, kib = ''] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

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
