// argon2id (RFC 9106) with the parameters of the configuration. Every login verifies exactly one hash: for an
// unknown or disabled account a decoy of the same cost, so that the time tells nothing.

import { hash, parseOptions, verify } from '@node-rs/argon2';

const argon2id = 2; // the package's enum has no value at run time

export type PasswordHashOptions = { readonly memoryKib: number; readonly passes: number };

export type PasswordHash = {
  /** PHC string with a fresh salt. */
  hash(password: string): Promise<string>;
  /** False for a wrong password; with `undefined` it does the same work and is always false. */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>;
  /** True when the hash was made with other parameters than today's. */
  isOutdated(passwordHash: string): boolean;
};

/** Hashes one decoy, hence asynchronous. */
export async function createPasswordHash({ memoryKib, passes }: PasswordHashOptions): Promise<PasswordHash> {
  const options = {
    algorithm: argon2id,
    memoryCost: memoryKib,
    timeCost: passes,
    parallelism: 1,
  };
  const decoy = await hash(crypto.randomUUID(), options);
  return {
    hash: (password) => hash(password, options),
    async verify(passwordHash, password) {
      const isRight = await verify(passwordHash ?? decoy, password);
      return isRight && passwordHash !== undefined;
    },
    isOutdated(passwordHash) {
      const { memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
      return memoryCost !== memoryKib || timeCost !== passes || parallelism !== 1;
    },
  };
}
