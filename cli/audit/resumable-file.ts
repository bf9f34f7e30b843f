// A file that is written in one go or in several: FILE.part grows, FILE.progress tells up to where it is whole, and
// FILE appears when it is complete. Whoever was killed goes on after the last checkpoint.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { CliError } from '../cli-error.ts';

export type ResumableFile<T> = {
  /** What the last checkpoint of an interrupted run said. */
  readonly resumed: T | undefined;
  write(text: string): void;
  /** From here a later run goes on. */
  checkpoint(state: T): void;
  /** Gives the file its name. */
  finish(): void;
  /** Leaves it to be gone on with. */
  close(): void;
};

/**
 * @param what tells one run's wishes from another's: only the same ones go on with a file.
 * @throws {CliError} when the file is there already, or the unfinished one is another's.
 */
export function openResumableFile<T>(path: string, what: string): ResumableFile<T> {
  if (existsSync(path)) throw new CliError(1, `${path} exists already`);
  const [partPath, progressPath] = [`${path}.part`, `${path}.progress`];
  const progress = readProgress(progressPath);
  if (progress !== undefined && progress.what !== what) {
    throw new CliError(1, `${partPath} was begun with other options: finish it with those, or remove it`);
  }
  const resumed = progress !== undefined && existsSync(partPath) ? progress : undefined;
  const file = openFile(partPath, resumed === undefined ? 'w' : 'r+');
  let bytes = resumed?.bytes ?? 0;
  ftruncateSync(file, bytes);

  return {
    resumed: resumed?.state as T | undefined,
    write(text) {
      const chunk = Buffer.from(text);
      for (let written = 0; written < chunk.length; ) {
        const count = writeSync(file, chunk, written, chunk.length - written, bytes);
        written += count;
        bytes += count;
      }
    },
    checkpoint(state) {
      fdatasyncSync(file);
      writeFileSync(`${progressPath}.new`, JSON.stringify({ what, bytes, state }), { mode: 0o600 });
      renameSync(`${progressPath}.new`, progressPath);
    },
    finish() {
      fdatasyncSync(file);
      renameSync(partPath, path);
      rmSync(progressPath, { force: true });
    },
    close: () => closeSync(file),
  };
}

type Progress = { readonly what: string; readonly bytes: number; readonly state: unknown };

function readProgress(path: string): Progress | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Progress;
  } catch {
    return undefined;
  }
}

/** Readable by its owner alone. */
function openFile(path: string, flags: string): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw new CliError(1, `cannot make ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}
