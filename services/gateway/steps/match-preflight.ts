// match: a CORS preflight asks about a request that is still to come. It is answered here, by the route of that
// request and before access is looked at, because a browser sends no token with it. It tells nothing but what the
// file says; where the route has no `cors` it goes on like any OPTIONS.

import { closeBehindUnread } from '../close-behind.ts';
import type { Exchange } from '../exchange.ts';
import { allowOrigin, isAllowedOrigin, onlyField, originOf } from '../proxy/cors-fields.ts';
import { type Cors, routeMethods } from '../routing/route.ts';
import { findRoute } from './match-route.ts';

export function matchPreflight(x: Exchange): void | 'answered' {
  if (x.method !== 'OPTIONS') return undefined;
  const origin = originOf(x);
  const method = onlyField(x.headers, 'access-control-request-method');
  if (origin === undefined || method === undefined) return undefined;
  const route = findRoute(x, method);
  if (route?.cors === undefined) return undefined;
  x.route = route;
  const { cors } = route;
  const fields = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
  fields.push('x-request-id', x.requestId);
  const methods = cors.methods ?? route.methods ?? routeMethods;
  if (isAllowedOrigin(cors, origin) && methods.includes(method) && areHeadersAllowed(x, cors)) {
    fields.push(...Object.entries(allowOrigin(cors, origin)).flat());
    fields.push('access-control-allow-methods', methods.join(', '));
    if (cors.headers.length > 0) fields.push('access-control-allow-headers', cors.headers.join(', '));
    fields.push('access-control-max-age', String(cors.maxAgeSeconds));
  } else {
    // Not an error to the browser's eyes either way: without the fields it does not send the request.
    x.reason = 'cors_refused';
  }
  closeBehindUnread(x, fields);
  x.res.writeHead(204, fields);
  x.res.end();
  return 'answered';
}

function areHeadersAllowed(x: Exchange, { headers }: Cors): boolean {
  const asked = onlyField(x.headers, 'access-control-request-headers');
  if (asked === undefined)
    return !x.headers.some((name) => name.toLowerCase() === 'access-control-request-headers');
  const names = asked.toLowerCase().split(',');
  return names.every((name) => name.trim() === '' || headers.includes(name.trim()));
}
