// The secrets of the containers, made once by the service `secrets` before any other starts: the master key, and
// the database's passwords with the URLs that hold them. What is there stays; MASTER_KEY from .env is taken over.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Keeps the file's text if it has one; else writes `make()`, whole or not at all. */
function keep(path: string, mode: number, make: () => string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = make();
  const file = openSync(`${path}.new`, 'w', mode);
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  return text;
}

/**
 * The passwords are for the postgres container too, whose account is another; nobody else has the volume.
 * @throws {Error} when the master key that is asked for is not the one in use.
 */
export function makeSecrets(
  dirs: { readonly keys: string; readonly database: string },
  masterKey = '',
): void {
  const random = () => randomBytes(32).toString('hex');
  const kept = keep(join(dirs.keys, 'master.key'), 0o400, () => masterKey || random());
  if (masterKey !== '' && kept !== masterKey) {
    throw new Error(
      'MASTER_KEY: is not the key in use; leave it empty, or remove the volume "keys" with all it opens',
    );
  }
  keep(join(dirs.database, 'superuser.password'), 0o444, random);
  for (const [role, name] of [
    ['pi_owner', 'owner'],
    ['pi_service', 'service'],
  ] as const) {
    const password = keep(join(dirs.database, `${name}.password`), 0o444, random);
    keep(join(dirs.database, `${name}.url`), 0o400, () => `postgres://${role}:${password}@postgres:5432/pi`);
  }
}

if (import.meta.main) {
  try {
    makeSecrets({ keys: '/secrets/keys', database: '/secrets/database' }, process.env['MASTER_KEY']);
  } catch (error) {
    process.stderr.write(`secrets: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
