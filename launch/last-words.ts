// Why a server program ended, from what it wrote to its log since it was started.

import { closeSync, openSync, readSync } from 'node:fs';

const bytesRead = 16_384;

/** The last line from byte `start` on that matches, without its time stamp; empty when there is none. */
export function readLastWords(path: string, start: number, pattern: RegExp): string {
  const buffer = Buffer.alloc(bytesRead);
  try {
    const file = openSync(path, 'r');
    const length = readSync(file, buffer, 0, bytesRead, start);
    closeSync(file);
    const lines = buffer.toString('utf8', 0, length).split('\n');
    const last = lines.findLast((line) => pattern.test(line)) ?? '';
    return last.slice(Math.max(0, last.search(pattern))).trim();
  } catch {
    return '';
  }
}
