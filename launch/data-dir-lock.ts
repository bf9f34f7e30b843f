// One run per data directory. The lock is the operating system's own, taken through SQLite on an empty file
// (Node offers no flock): it vanishes with the process however that ends, so a stale one cannot exist.
// `run.json` beside it tells who holds it and where its servers are.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LaunchError } from './launch-error.ts';

/** What a run tells about itself; secrets never stand in it. */
export type RunState = {
  readonly pid: number;
  readonly run: 'embedded' | 'stack';
  /** Of the role that owns the database; only when the run started PostgreSQL itself. */
  readonly databaseUrl?: string;
  /** The unix socket; only when the run started Redis itself. */
  readonly redisUrl?: string;
};

export type DataDirLock = {
  /** Absolute. */
  readonly dir: string;
  readonly tell: (state: RunState) => void;
  readonly release: () => void;
};

/** The run that holds `dir`, as it told last; undefined when none told. */
export function readRunState(dir: string): RunState | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunState;
  } catch {
    return undefined;
  }
}

function openLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const busy = 5;
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}

function cannotWrite(dir: string, cause: unknown): LaunchError {
  const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const advice =
    why === 'ENOSPC'
      ? 'its disk is full, make room first.'
      : 'set DATA_DIR to a folder of yours, or start as its owner.';
  return new LaunchError(`DATA_DIR: cannot write to ${dir} (${why}): ${advice}`, { cause });
}

/**
 * Makes `dataDir` (0700) and takes its lock.
 * @throws {LaunchError} naming the process that has it, or why the directory cannot be used.
 */
export function lockDataDir(dataDir: string, run: RunState['run']): DataDirLock {
  const dir = resolve(dataDir);
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    lock = openLock(join(dir, 'run.lock'));
  } catch (cause) {
    throw cannotWrite(dir, cause);
  }
  if (lock === undefined) {
    const pid = readRunState(dir)?.pid;
    throw new LaunchError(
      `DATA_DIR: ${dir} is in use by ${pid === undefined ? 'another run' : `process ${pid}`}: stop it first, or set DATA_DIR to another folder.`,
    );
  }
  const path = join(dir, 'run.json');
  const tell = (state: RunState) => {
    writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const held = lock;
  try {
    tell({ pid: process.pid, run });
  } catch (cause) {
    held.close();
    throw cannotWrite(dir, cause);
  }
  return {
    dir,
    tell,
    release() {
      rmSync(path, { force: true });
      held.close();
    },
  };
}
