// Is this a token of that issuer, for us, and in its time? A plain JWT (RFC 7519) or an RFC 9068 access token, signed
// with one of the algorithms that gateway.yaml pins. Pure; never throws. Nothing in the token chooses anything: the
// key comes from the issuer's set, `jwk`, `jku` and `x5u` are not looked at, `crit`, `b64` and `zip` are refused.

import { isExpired } from '@pi-gateway/access-token/claims.ts';
import { decodeBase64Url } from '@pi-gateway/access-token/decode-part.ts';
import { parseStrictJson } from '@pi-gateway/strict-json/parse-strict-json.ts';
import type { ForeignPrincipal } from '../principal.ts';
import type { Issuer } from '../routing/route.ts';
import { type Algorithm, isSigned, keyTypeOf } from './algorithms.ts';
import { type ForeignKey, keyName } from './foreign-jwks.ts';
import { readRoles } from './read-roles.ts';

export type ForeignRules = {
  readonly issuer: Issuer;
  readonly keys: ReadonlyMap<string, ForeignKey>;
  readonly clockSkewSeconds: number;
  readonly nowSeconds: number;
};

export type ForeignVerification =
  | { readonly kind: 'valid'; readonly principal: ForeignPrincipal }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** All else may hold, but there is no such key: a fresh set may have it. */
  | { readonly kind: 'unknown_key' };

/** Longer than any token that fits beside other headers. */
const tokenBytesMax = 12 * 1024;
const types: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);
// It goes into a header and a log line.
const subjectForm = /^[!-~]{1,255}$/;
const sessionForm = /^[!-~]{1,128}$/;
const lastSecond = 253_402_300_799;

export function verifyForeignToken(token: string, rules: ForeignRules): ForeignVerification {
  if (token.length > tokenBytesMax) return invalid('too_long');
  const parts = token.split('.', 4);
  if (parts.length !== 3) return invalid('malformed');
  const header = readObject(parts[0]!);
  const payload = readObject(parts[1]!);
  const signature = decodeBase64Url(parts[2]!);
  if (header === undefined || payload === undefined || signature === undefined) return invalid('malformed');

  const { issuer, keys } = rules;
  const algorithm = readHeader(header, issuer);
  if (algorithm === undefined) return invalid('header');
  const claims = readClaims(payload, rules);
  if (typeof claims === 'string') return invalid(claims);

  const { kid } = header;
  const key = findKey(keys, algorithm, typeof kid === 'string' ? kid : undefined);
  if (key === undefined) return { kind: 'unknown_key' };
  if (key.algorithm !== undefined && key.algorithm !== algorithm) return invalid('header');
  const signed = Buffer.from(token.slice(0, token.length - parts[2]!.length - 1), 'latin1');
  if (!isSigned(algorithm, key.key, signed, signature)) return invalid('signature');
  return { kind: 'valid', principal: { ...claims, kind: 'foreign', issuer: issuer.name, kid: key.kid } };
}

/** What a token says of its issuer, to choose who is to verify it: nothing else may be concluded from it. */
export function claimedIssuer(token: string): string | undefined {
  if (token.length > tokenBytesMax) return undefined;
  const iss = readObject(token.split('.', 3)[1] ?? '')?.['iss'];
  return typeof iss === 'string' ? iss : undefined;
}

function readObject(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = parseStrictJson(bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function readHeader(header: Readonly<Record<string, unknown>>, issuer: Issuer): Algorithm | undefined {
  const { alg, typ, kid, crit, b64, zip } = header;
  if (crit !== undefined || b64 !== undefined || zip !== undefined) return undefined;
  if (!types.has(typeof typ === 'string' ? typ.toLowerCase() : typ)) return undefined;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) return undefined;
  return issuer.algorithms.find((algorithm) => algorithm === alg);
}

/** Without a kid only the one key of its kind can be meant. */
function findKey(
  keys: ReadonlyMap<string, ForeignKey>,
  algorithm: Algorithm,
  kid: string | undefined,
): ForeignKey | undefined {
  const type = keyTypeOf[algorithm];
  if (kid !== undefined) return keys.get(keyName(type, kid));
  const [only, ...others] = [...keys.values()].filter((key) => key.type === type);
  return others.length === 0 ? only : undefined;
}

type Claims = Pick<ForeignPrincipal, 'id' | 'roles' | 'sessionId' | 'audiences' | 'exp'>;

function readClaims(payload: Readonly<Record<string, unknown>>, rules: ForeignRules): Claims | string {
  const { issuer, nowSeconds, clockSkewSeconds } = rules;
  const { iss, sub, aud, exp, nbf, iat, sid } = payload;
  if (iss !== issuer.issuer) return 'issuer';
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string');
  if (!audiences.some((one) => issuer.audiences.includes(one))) return 'audience';
  if (typeof sub !== 'string' || !subjectForm.test(sub)) return 'subject';
  if (!isTime(exp)) return 'times';
  for (const time of [nbf, iat]) if (time !== undefined && !isTime(time)) return 'times';
  if (isExpired(exp, rules)) return 'expired';
  const latestStart = nowSeconds + clockSkewSeconds;
  if (Math.max((nbf as number | undefined) ?? 0, (iat as number | undefined) ?? 0) > latestStart)
    return 'not_yet_valid';
  const sessionId = typeof sid === 'string' && sessionForm.test(sid) ? sid : undefined;
  return { id: `${issuer.name}:${sub}`, roles: readRoles(payload, issuer), sessionId, audiences, exp };
}

/** NumericDate (RFC 7519 section 2): some issuers write fractions. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= lastSecond;
}

function invalid(reason: string): ForeignVerification {
  return { kind: 'invalid', reason };
}
