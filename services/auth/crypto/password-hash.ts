// argon2id (RFC 9106) with the parameters of the configuration, and the verification of what came before it:
// hashes of other parameters and hashes of other systems. Every attempt verifies one hash of each class that
// any account still has, the account's own where it is of that class, else a decoy of the same cost: the
// time tells neither whether an account exists nor where it came from (docs/decisions/0010).

import { hash } from '@node-rs/argon2';
import { findScheme } from './foreign/find-scheme.ts';
import type { HashScheme } from './foreign/hash-scheme.ts';

const argon2id = 2; // the package's enum has no value at run time
const decoysMax = 64;

export type PasswordHashOptions = { readonly memoryKib: number; readonly passes: number };

/** A password to verify: other systems hashed what was typed, ours its normal form. */
export type TypedPassword = { readonly typed: string; readonly normal: string };

export type KnownHash = {
  readonly passwordHash: string;
  /** By the database's `password_class`. */
  readonly passwordClass: string;
};

export type PasswordHash = {
  /** PHC string with a fresh salt. */
  hash(password: string): Promise<string>;
  /**
   * False for a wrong password; with `undefined` it does the same work and is always false.
   * @param livingClasses the classes of all accounts, read together with the account.
   */
  verify(
    known: KnownHash | undefined,
    livingClasses: readonly string[],
    password: TypedPassword,
  ): Promise<boolean>;
  /** True for any class but that of today's parameters. */
  isOutdated(passwordClass: string): boolean;
};

/** The class of the hashes that are made with these parameters. */
export function ownPasswordClass({ memoryKib, passes }: PasswordHashOptions): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=1`;
}

export function createPasswordHash({ memoryKib, passes }: PasswordHashOptions): PasswordHash {
  const options = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const ownClass = ownPasswordClass({ memoryKib, passes });
  const decoys = new Map<string, string>();

  function decoyOf(scheme: HashScheme, passwordClass: string): string {
    const known = decoys.get(passwordClass);
    if (known !== undefined) return known;
    const decoy = scheme.makeDecoy(passwordClass);
    if (decoys.size >= decoysMax) decoys.clear();
    decoys.set(passwordClass, decoy);
    return decoy;
  }

  return {
    hash: (password) => hash(password, options),
    async verify(known, livingClasses, { typed, normal }) {
      let isRight = false;
      // One after the other, all of them, always in one order: nothing depends on the account.
      for (const passwordClass of [...new Set([ownClass, ...livingClasses])].toSorted()) {
        const scheme = findScheme(passwordClass);
        if (scheme === undefined) continue; // a newer version's: its accounts cannot sign in here
        const isItsOwn = known?.passwordClass === passwordClass;
        const passwordHash = isItsOwn ? known.passwordHash : decoyOf(scheme, passwordClass);
        const forms = new Set(passwordClass === ownClass ? [normal] : [typed, normal]);
        for (const form of forms) {
          const matches = await scheme.verify(passwordHash, form);
          isRight ||= isItsOwn && matches;
        }
      }
      return isRight;
    },
    isOutdated: (passwordClass) => passwordClass !== ownClass,
  };
}
