// assign: what the gateway tells the service about the caller. Exactly one field each, added after everything
// the client sent under these names was stripped; no identity without a verified token.

import { randomBytes } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import { identityFields } from '../principal.ts';

export type IdentityDeps = {
  /** Header and value that prove to auth that a request came through this gateway. */
  readonly authProof: { readonly name: string; readonly value: string };
};

export function assignIdentity(x: Exchange, deps: IdentityDeps): void {
  const { headers, principal } = x;
  const route = x.route!;
  if (principal !== undefined) headers.push(...identityFields(principal));
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
  pushTrace(x);
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

function originalProto(x: Exchange): string {
  const claimed = x.isTrustedPeer ? x.claimed?.forwardedProto : undefined;
  if (claimed === 'https' || claimed === 'http') return claimed;
  return 'encrypted' in x.req.socket ? 'https' : 'http';
}

// W3C Trace Context: a trace goes on only for trusted peers; anybody else could tie his requests to another's.
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

function pushTrace(x: Exchange): void {
  const claimed = x.isTrustedPeer ? x.claimed : undefined;
  if (claimed?.traceparent === undefined || !traceparentForm.test(claimed.traceparent)) {
    x.headers.push('traceparent', `00-${randomHex(16)}-${randomHex(8)}-00`);
    return;
  }
  x.headers.push('traceparent', claimed.traceparent);
  if (claimed.tracestate !== undefined && tracestateForm.test(claimed.tracestate)) {
    x.headers.push('tracestate', claimed.tracestate);
  }
}

// Drawn in bulk: a call into the system's generator for each request costs more than all of this step.
const pool = Buffer.allocUnsafe(24 * 256);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomBytes(pool.length).copy(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
