// Which scheme a stored hash or a class belongs to.

import { argon2 } from './argon2.ts';
import { bcrypt } from './bcrypt.ts';
import { firebaseScrypt } from './firebase-scrypt.ts';
import type { HashScheme } from './hash-scheme.ts';
import { pbkdf2 } from './pbkdf2.ts';
import { saltedSha } from './salted-sha.ts';
import { scrypt } from './scrypt.ts';

const schemes: readonly HashScheme[] = [argon2, bcrypt, scrypt, firebaseScrypt, pbkdf2, saltedSha];

/** Undefined when it is none that this product can verify. */
export function findScheme(text: string): HashScheme | undefined {
  return schemes.find(({ isOurs }) => isOurs(text));
}
