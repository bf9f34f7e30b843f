// `/verify`: the decision alone, for another proxy that moves the bytes itself (nginx auth_request, Traefik
// ForwardAuth, Caddy forward_auth, Envoy ext_authz). The same routes decide as for forwarded requests.
//
// The asking proxy names the original request in headers that a client could send as well. They are believed
// from anybody, because an answer permits nothing by itself: who acts on it is the proxy, and that one sets
// them. The answer tells the identity in headers and never gives an internal token: a client could ask for his own.
// But a client's forged header may ride along beside the proxy's own under the other family of names;
// so all that are sent must agree, or nothing is decided.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { closeBehindUnread } from '../close-behind.ts';
import type { Exchange } from '../exchange.ts';
import { identityFields } from '../principal.ts';
import { checkAccess } from '../steps/check-access.ts';
import { readPath } from '../steps/check-path.ts';
import { matchRoute } from '../steps/match-route.ts';
import type { EndpointDeps } from './match-endpoint.ts';

const uriHeaders = ['x-original-uri', 'x-forwarded-uri', 'x-original-url'];
const methodHeaders = ['x-original-method', 'x-forwarded-method'];

export function answerVerify(x: Exchange, deps: EndpointDeps): 'answered' | Promise<'answered'> {
  x.label = '/verify';
  readOriginal(x);
  try {
    matchRoute(x);
  } catch (error) {
    // No route permits it. Proxies know only yes, 401 and 403.
    if (error instanceof AppError && error.code !== 'malformed_request') {
      throw new AppError('insufficient_role', { detail: 'No route permits this request.', cause: error });
    }
    throw error;
  }
  const pending = checkAccess(x, deps);
  return pending === undefined ? answerYes(x) : pending.then(() => answerYes(x));
}

/** Puts the original request's method and path where the steps look for them. */
function readOriginal(x: Exchange): void {
  const uri = readOne(x, uriHeaders);
  const method = readOne(x, methodHeaders);
  if (x.path !== '/verify') {
    if (uri !== undefined || method !== undefined) refuse('The path already names the original request.');
    x.path = x.path.slice('/verify'.length);
    return;
  }
  if (uri === undefined) {
    // Not taken for "is he signed in?": a client could then name a public route himself, and be let in.
    if (x.authorization === undefined) throw new AppError('missing_token');
    refuse('Name the original request in X-Original-URI or X-Forwarded-Uri.');
  }
  x.method = method ?? 'GET';
  readPath(x, uri);
}

function readOne(x: Exchange, names: readonly string[]): string | undefined {
  const raw = x.req.rawHeaders;
  let found: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (!names.includes(raw[i]!.toLowerCase())) continue;
    const value = raw[i + 1]!;
    if (found !== undefined && found !== value) refuse('The headers disagree about the original request.');
    found = value;
  }
  return found;
}

function refuse(detail: string): never {
  throw new AppError('malformed_request', { detail });
}

/** 200 rather than 204: Envoy takes nothing else for a yes. */
function answerYes(x: Exchange): 'answered' {
  const headers = ['content-length', '0', 'cache-control', 'no-store', 'x-request-id', x.requestId];
  if (x.principal !== undefined) headers.push(...identityFields(x.principal));
  closeBehindUnread(x, headers);
  x.res.writeHead(200, headers);
  x.res.end();
  return 'answered';
}
