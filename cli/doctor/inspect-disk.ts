// The disk of DATA_DIR: the embedded database, anchors and mail. It is looked at without any of them, since none may
// run when it is full.

import { type StatsFs, statfsSync } from 'node:fs';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'disk of DATA_DIR';
const mb = 1_000_000;
// PostgreSQL takes its log of changes in pieces of 16 MiB, and does not start without room for one.
const fewestMb = 17;
const lowShare = 0.1;

export function inspectDisk(io: Io): Finding {
  try {
    const { dataDir } = readSettings(authSettings, io.env);
    return judgeDisk(statfsSync(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { part, state: 'ok', detail: 'it is not there yet' };
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}

/** `bavail`: blocks that those may take who are not root. */
export function judgeDisk({ bavail, blocks, bsize }: Pick<StatsFs, 'bavail' | 'blocks' | 'bsize'>): Finding {
  const freeMb = Math.floor((bavail * bsize) / mb);
  const detail = `${freeMb} of ${Math.floor((blocks * bsize) / mb)} MB are free`;
  const figures = { free_mb: freeMb };
  if (freeMb < fewestMb) {
    return { part, state: 'fail', detail: `${detail}: see docs/runbooks/full-disk.md`, figures };
  }
  return { part, state: bavail < blocks * lowShare ? 'warn' : 'ok', detail, figures };
}
