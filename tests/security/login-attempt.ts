// For tests: logins from as many networks as a test wants. Auth and gateways run with `believeProxies`, so that
// the test is the proxy that names the client.

import { type Answer, send, type Target } from '../proofs/http-client.ts';

export const believeProxies = { TRUSTED_PROXIES: '127.0.0.1' };

export type Attempt = { readonly email: string; readonly password: string; readonly ip: string };

export function attemptLogin(
  target: Target,
  { email, password, ip }: Attempt,
  path = '/auth/login',
): Promise<Answer> {
  const headers = { 'x-forwarded-for': ip };
  return send(target, { method: 'POST', path, body: { email, password }, headers });
}

/** The `i`-th of many networks. */
export function networkAddress(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}
