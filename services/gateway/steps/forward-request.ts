// forward: the request goes to a target of the route's service, under the very path that was matched and
// authorised (or what the route's rewrite makes of it) and the query as it came. Streams from here on; the pipeline's part is over once the call is made.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { answerRoot } from '../endpoints/root.ts';
import type { Exchange } from '../exchange.ts';
import { type ForwardDeps, Forwarding } from '../proxy/forwarding.ts';

export function forwardRequest(x: Exchange, deps: ForwardDeps): void {
  const service = x.route!.upstream;
  if (service === undefined) return answerRoot(x);
  if (service.pending >= service.config.maxPending) throw new AppError('overloaded');
  if (x.hasBody && x.contentLength !== undefined) x.headers.push('content-length', String(x.contentLength));
  const request = {
    method: x.req.method!,
    path: x.route!.targetPath(x.path) + x.query,
    headers: x.headers,
    upgrade: x.upgrade !== undefined,
  };
  const forwarding = new Forwarding(x, service, request, deps);
  x.forwarding = forwarding;
  forwarding.send();
}
