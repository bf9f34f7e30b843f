// The open descriptors of a process by what they are (Linux: /proc).

import { readdirSync, readlinkSync } from 'node:fs';

export type Descriptors = Readonly<Record<string, number>>;

/** Files by their path, everything else by its kind: `socket`, `pipe`, `anon_inode`. */
export function descriptorsOf(pid: number): Descriptors {
  const folder = `/proc/${pid}/fd`;
  const counts: Record<string, number> = {};
  for (const name of readdirSync(folder)) {
    const kind = kindOf(`${folder}/${name}`);
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindOf(link: string): string | undefined {
  try {
    return readlinkSync(link).replace(/:\[?.*$/, '');
  } catch {
    return undefined; // closed since the folder was read
  }
}

/** Of any kind. */
export function hasMore(now: Descriptors, before: Descriptors): boolean {
  return Object.entries(now).some(([kind, count]) => count > (before[kind] ?? 0));
}
