// match: the few exact paths that the gateway answers by itself. They come before the routes, so that no file
// can take them away.

import { internalKeysPath } from '@pi-gateway/access-token/internal-token.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import type { AccessDeps } from '../steps/check-access.ts';
import { answerJson } from './answer-json.ts';
import { answerIdentityKeys, type IdentityKeysDeps } from './identity-keys.ts';
import { answerVerify } from './verify.ts';

export type EndpointDeps = AccessDeps &
  IdentityKeysDeps & {
    readonly log: Log;
    /** Keys and revocations are there, and the process is not shutting down. */
    readonly isReady: () => boolean;
  };

type Endpoint = (x: Exchange, deps: EndpointDeps) => Promise<'answered'> | 'answered';

const endpoints = new Map<string, Endpoint>([
  ['/health', answerReadiness],
  ['/readyz', answerReadiness],
  ['/livez', answerLiveness],
  ['/verify', answerVerify],
  [internalKeysPath, answerIdentityKeys],
]);

export function matchEndpoint(x: Exchange, deps: EndpointDeps): void | 'answered' | Promise<'answered'> {
  const endpoint = endpoints.get(x.path);
  if (endpoint === undefined) {
    // Envoy puts the original path behind the prefix it is given, and keeps the method.
    return x.path.startsWith('/verify/') ? answerVerify(x, deps) : undefined;
  }
  x.label = x.path;
  const { method } = x.req;
  if (method !== 'GET' && method !== 'HEAD') {
    throw new AppError('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
  }
  return endpoint(x, deps);
}

function answerReadiness(x: Exchange, deps: EndpointDeps): 'answered' {
  if (!deps.isReady()) throw new AppError('unavailable');
  answerJson(x, { status: 'ok', service: 'gateway' }, 'no-cache');
  return 'answered';
}

function answerLiveness(x: Exchange): 'answered' {
  answerJson(x, { status: 'ok', service: 'gateway' }, 'no-cache');
  return 'answered';
}
