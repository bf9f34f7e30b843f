// The master key of a run that was given none: made once in the data directory, readable by its owner only.
// It appears whole or not at all, and is on disk before anything is encrypted under it.

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './launch-error.ts';

function writeDurably(path: string, text: string): void {
  const file = openSync(`${path}.new`, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  const folder = openSync(join(path, '..'), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * The master key as text for MASTER_KEY: 64 hexadecimal digits.
 * @throws {LaunchError} when the data was made under a key that is gone, or the file is no key.
 */
export function ensureMasterKey(dataDir: string): string {
  const path = join(dataDir, 'master.key');
  if (!existsSync(path)) {
    if (existsSync(join(dataDir, 'postgres'))) {
      throw new LaunchError(
        `${path} is missing, and the database in ${dataDir} needs it: put it back from your backup, or set MASTER_KEY.`,
      );
    }
    writeDurably(path, `${randomBytes(32).toString('hex')}\n`);
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new LaunchError(`cannot read ${path} (${code}): start as the account that made it.`, { cause });
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new LaunchError(
      `${path} holds no master key (64 hexadecimal digits): put it back from your backup.`,
    );
  }
  return text;
}
