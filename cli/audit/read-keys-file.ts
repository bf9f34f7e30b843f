// Public keys that somebody kept apart from the log: a JSON Web Key Set, as `pi audit keys` prints it, or one key.

import { readFileSync } from 'node:fs';
import type { PublicJwk } from '@pi-gateway/auth/crypto/signing-key.ts';
import { readJwks } from '@pi-gateway/auth/proving/trusted-keys.ts';
import { CliError } from '../cli-error.ts';

/** @throws {CliError} when the file is none or holds none. */
export function readKeysFile(path: string): PublicJwk[] {
  const keys = readJwks(readJsonFile(path));
  if (keys.length === 0)
    throw new CliError(3, `${path} holds no ES256 key (a JWKS as pi audit keys prints it)`);
  return keys;
}

/** @throws {CliError} when it cannot be read, or is not JSON. */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CliError(
      3,
      `cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'it is not JSON'})`,
    );
  }
}
