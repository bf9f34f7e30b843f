// assign: what the gateway tells the service about the caller. Exactly one field each, added after everything
// the client sent under these names was stripped; no identity without a verified token.

import { internalTokenHeader } from '@pi-gateway/access-token/internal-token.ts';
import type { Exchange } from '../exchange.ts';
import type { IdentityTokens } from '../identity/identity-tokens.ts';
import { identityFields, type Principal } from '../principal.ts';
import type { SnapshotRoute } from '../routing/snapshot.ts';

export type IdentityDeps = {
  /** Header and value that prove to auth that a request came through this gateway. */
  readonly authProof: { readonly name: string; readonly value: string };
  readonly identityTokens: IdentityTokens;
};

export function assignIdentity(x: Exchange, deps: IdentityDeps): void {
  const { headers, principal } = x;
  const route = x.route!;
  if (principal !== undefined) pushIdentity(x, principal, route, deps);
  if (route.forwardToken) passAuthorization(x);
  if (route.isAuth) headers.push(deps.authProof.name, deps.authProof.value);
  headers.push(
    'x-request-id',
    x.requestId,
    'x-forwarded-for',
    x.clientAddress,
    'x-forwarded-proto',
    originalProto(x),
    'x-forwarded-host',
    x.host,
  );
  headers.push('traceparent', x.traceparent);
  x.traceparentAt = headers.length - 1;
  if (x.tracestate !== undefined) headers.push('tracestate', x.tracestate);
}

function pushIdentity(
  { headers, method }: Exchange,
  principal: Principal,
  { upstream, label: route, service }: SnapshotRoute,
  { identityTokens }: IdentityDeps,
): void {
  if (upstream?.config.identity === 'token') {
    headers.push(internalTokenHeader, identityTokens.tokenFor(principal, { service, route, method }));
  } else headers.push(...identityFields(principal));
}

/** Every line as it came: a service that checks the token itself must see a duplicate too. */
function passAuthorization(x: Exchange): void {
  if (x.authorization === undefined) return;
  const raw = x.req.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.length === 13 && raw[i]!.toLowerCase() === 'authorization') {
      x.headers.push('authorization', raw[i + 1]!);
    }
  }
}

/** What the client spoke, to the first proxy that is believed. */
export function originalProto(x: Exchange): 'http' | 'https' {
  const claimed = x.isTrustedPeer ? x.claimed?.forwardedProto : undefined;
  if (claimed === 'https' || claimed === 'http') return claimed;
  return 'encrypted' in x.req.socket ? 'https' : 'http';
}
