// A password hash as another system exports it → the one form in which it is stored and verified here.
// Strings: PHC and modular crypt forms, Django's, passlib's, LDAP's. Objects: the parameters by name.
// Which forms there are, by example: docs/how-to/bring-your-users.md.

import { canonicalBcrypt } from './bcrypt.ts';
import { findScheme } from './find-scheme.ts';
import { saltedShaBytes } from './salted-sha.ts';
import { classOf, formatStoredHash } from './stored-hash.ts';

export type ForeignHash =
  | {
      readonly kind: 'read';
      readonly passwordHash: string;
      readonly passwordClass: string;
      /** Of one verification. */
      readonly costMs: number;
    }
  | { readonly kind: 'refused'; readonly detail: string };

type Fields = Readonly<Record<string, unknown>>;

const lengthMax = 1024;

/** `given` is what stands in an import line as `password_hash`. */
export function readForeignHash(given: unknown): ForeignHash {
  const passwordHash =
    typeof given === 'string' ? readText(given) : isFields(given) ? readFields(given) : undefined;
  if (passwordHash === undefined || passwordHash.length > lengthMax) {
    return { kind: 'refused', detail: 'is in no form that is known' };
  }
  const costMs = findScheme(passwordHash)?.costMs(passwordHash);
  return costMs === undefined
    ? { kind: 'refused', detail: 'is of a known kind, but its parts are not what they must be' }
    : { kind: 'read', passwordHash, passwordClass: classOf(passwordHash), costMs };
}

function readText(text: string): string | undefined {
  if (text.length > lengthMax) return undefined;
  const plain = text.replace(/^\{(?:CRYPT|BCRYPT|ARGON2)\}/i, '');
  if (/^\$2[aby]\$/.test(plain)) return canonicalBcrypt(plain);
  return readSaltedSha(plain) ?? readPbkdf2(plain) ?? readPhc(plain);
}

// Before version 1.3 argon2 wrote no version.
function readPhc(text: string): string | undefined {
  if (!/^\$(?:argon2(?:id|i|d)|scrypt|pbkdf2-sha(?:1|256|512)|fbscrypt|ssha-sha(?:1|256|512))\$/.test(text)) {
    return undefined;
  }
  const versioned = text.replace(/^\$(argon2(?:id|i|d))\$m=/, (_, id: string) => `$${id}$v=16$m=`);
  return versioned.replace(/=+(?=\$[^$]*$|$)/g, '');
}

function readSaltedSha(text: string): string | undefined {
  const [, bits, encoded] = /^\{SSHA(256|512)?\}([A-Za-z0-9+/]+={0,2})$/i.exec(text) ?? [];
  if (encoded === undefined) return undefined;
  const digest = `sha${bits ?? 1}`;
  const bytes = Buffer.from(encoded, 'base64');
  const length = saltedShaBytes[digest]!;
  return formatStoredHash(`$ssha-${digest}`, bytes.subarray(length), bytes.subarray(0, length));
}

function readPbkdf2(text: string): string | undefined {
  const phc = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d+)(?:,l=\d+)?\$([^$]+)\$([^$]+)$/.exec(text);
  const passlib = /^\$pbkdf2(?:-(sha256|sha512))?\$(\d+)\$([^$]+)\$([^$]+)$/.exec(text);
  const django = /^pbkdf2_(sha1|sha256|sha512)\$(\d+)\$([^$]+)\$([^$]+)$/.exec(text);
  const [, digest = 'sha1', iterations, salt, hash] = phc ?? passlib ?? django ?? [];
  if (iterations === undefined) return undefined;
  // Django's salt is its letters themselves; passlib's base64 has a dot for the plus.
  const saltBytes =
    django === null ? Buffer.from(salt!.replaceAll('.', '+'), 'base64') : Buffer.from(salt!, 'utf8');
  return storePbkdf2(digest, iterations, saltBytes, Buffer.from(hash!.replaceAll('.', '+'), 'base64'));
}

function readFields(fields: Fields): string | undefined {
  const { algorithm, encoding = 'base64', salt_encoding = encoding } = fields;
  if (algorithm === 'bcrypt' || algorithm === 'argon2') {
    return typeof fields['hash'] === 'string' ? readText(fields['hash']) : undefined;
  }
  const salt = decode(fields['salt'], salt_encoding);
  const hash = decode(fields['hash'], encoding);
  if (salt === undefined || hash === undefined) return undefined;
  switch (algorithm) {
    case 'scrypt': {
      const ln = Math.log2(Number(fields['n']));
      const { r, p } = fields;
      return formatStoredHash(`$scrypt$ln=${ln},r=${String(r)},p=${String(p)}`, salt, hash);
    }
    case 'pbkdf2':
      return storePbkdf2(String(fields['digest']), String(fields['iterations']), salt, hash);
    case 'firebase-scrypt': {
      const { mem_cost, rounds, salt_separator, signer_key } = fields;
      const project = `ss=${toBase64(salt_separator)},sk=${toBase64(signer_key)}`;
      const params = `v=1,n=${String(mem_cost)},r=${String(rounds)},p=1,${project}`;
      return formatStoredHash(`$fbscrypt$${params}`, salt, hash);
    }
    case 'ssha':
      return formatStoredHash(`$ssha-${String(fields['digest'])}`, salt, hash);
    default:
      return undefined;
  }
}

function storePbkdf2(digest: string, iterations: string, salt: Buffer, hash: Buffer): string {
  return formatStoredHash(`$pbkdf2-${digest}$i=${iterations},l=${hash.length}`, salt, hash);
}

/** Base64 of either alphabet, padded or not, hexadecimal, or the letters themselves (a salt's). */
function decode(text: unknown, encoding: unknown): Buffer | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  if (encoding === 'hex') return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  return encoding === 'base64' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
    ? Buffer.from(text, 'base64')
    : undefined;
}

function toBase64(text: unknown): string {
  return decode(text, 'base64')?.toString('base64') ?? '';
}

function isFields(given: unknown): given is Fields {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
