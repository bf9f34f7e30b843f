// For tests: an internal token as the gateway signs it, or one that is wrong in one way.

import { SignJWT } from 'jose';
import { internalTokenTyp } from '../internal-token.ts';
import type { TestKey } from './test-issuer.ts';

export type InternalTestToken = {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
};

export function signInternalToken(
  gateway: string,
  key: TestKey,
  options: InternalTestToken = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `${gateway}/gateway`,
    aud: 'orders',
    sub: 'a-user',
    roles: ['user'],
    sid: 'a-session',
    route: '/orders/{id}',
    method: 'GET',
    iat,
    exp: iat + 60,
  };
  return new SignJWT({ ...claims, ...options.claims })
    .setProtectedHeader({ alg: key.alg ?? 'ES256', typ: internalTokenTyp, kid: key.kid, ...options.header })
    .sign(key.privateKey);
}
