// One line of an import → an account, or everything that is wrong with it. Pure.

import { roles } from '@pi-gateway/access-token/role.ts';
import { type ForeignHash, readForeignHash } from '@pi-gateway/auth/crypto/foreign/read-foreign-hash.ts';
import { canonicalEmail } from '@pi-gateway/auth/domain/canonical-email.ts';
import { readRfc3339 } from '@pi-gateway/auth/domain/read-rfc3339.ts';
import type { BulkUser } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { parseStrictJson } from '@pi-gateway/strict-json/parse-strict-json.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';

export type ImportLine =
  | { readonly kind: 'user'; readonly user: BulkUser; readonly hash: ForeignHash & { kind: 'read' } }
  | { readonly kind: 'refused'; readonly details: readonly string[] };

const fields = ['id', 'email', 'password_hash', 'role', 'disabled', 'created_at', 'last_login_at'];

export function readImportLine(bytes: Buffer): ImportLine {
  const given = parse(bytes);
  if (given === undefined) return { kind: 'refused', details: ['is not a JSON object in UTF-8'] };
  const email = typeof given['email'] === 'string' ? canonicalEmail(given['email']) : undefined;
  const hash = readForeignHash(given['password_hash']);
  const role = roles.find((one) => one === (given['role'] ?? 'user'));
  const disabled = given['disabled'] ?? false;
  const [createdAt, lastLoginAt] = [readTime(given['created_at']), readTime(given['last_login_at'])];
  const id = given['id'] ?? undefined;
  const isId = id === undefined || (typeof id === 'string' && isUuidV7(id));
  const details = [
    ...Object.keys(given)
      .filter((name) => !fields.includes(name))
      .map((name) => `/${name.slice(0, 64)} is not known here`),
    ...(isId ? [] : ['/id must be a UUIDv7']),
    ...(email?.kind === 'canonical' ? [] : [`/email ${email?.detail ?? 'must be a string'}`]),
    ...(hash.kind === 'read' ? [] : [`/password_hash ${hash.detail}`]),
    ...(role === undefined ? [`/role must be one of ${roles.join(', ')}`] : []),
    ...(typeof disabled === 'boolean' ? [] : ['/disabled must be true or false']),
    ...(createdAt === 'refused' ? ['/created_at must be an RFC 3339 time'] : []),
    ...(lastLoginAt === 'refused' ? ['/last_login_at must be an RFC 3339 time'] : []),
  ];
  const isSound = email?.kind === 'canonical' && hash.kind === 'read' && role !== undefined;
  if (!isSound || createdAt === 'refused' || lastLoginAt === 'refused' || details.length > 0) {
    return { kind: 'refused', details };
  }
  const user = {
    id: id as string | undefined,
    email: email.email,
    passwordHash: hash.passwordHash,
    role,
    isDisabled: disabled === true,
    createdAt,
    lastLoginAt,
  };
  return { kind: 'user', user, hash };
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseStrictJson(bytes);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Microseconds. */
function readTime(given: unknown): number | 'refused' | undefined {
  if (given === undefined || given === null) return undefined;
  const millis = typeof given === 'string' ? readRfc3339(given) : undefined;
  if (millis === undefined) return 'refused';
  const digits = /\.(\d+)/.exec(given as string)?.[1] ?? '';
  return millis * 1000 + Number(digits.padEnd(6, '0').slice(3, 6));
}
