// The life of a request, in the order that makes it safe:
//
//   strip     first, so that nothing a client claims about itself can be read by any later step
//   assign    who called and the request's id, so that every refusal from here on can be told apart
//   assign    its place in a trace, so that a refusal has one too
//   check     the one canonical path: what is matched, authorised and forwarded are the same bytes
//   match     a browser's preflight, answered by the file before access is looked at
//   match     a path decides alone; the method never opens another route
//   limit     under overload the less important routes go first, before anything is spent on them
//   check     access, before the body is read or anything is counted
//   check     the protocol: gRPC is refused in words that its clients know
//   limit     after access, so that a user's bucket can't be emptied without his token
//   assign    identity: the only word about the caller that the service gets
//   forward   to a target; from here the answer streams
//   record    on every path, refused or not (it hangs on the answer's close, see `open`)
//
// A step throws an AppError to refuse, and returns a promise only where it truly has to wait: the common
// request runs through all of them without leaving the call it came in with.

import type { TrustedProxies } from '@pi-gateway/client-address/trusted-proxies.ts';
import { endExchange } from './end-exchange.ts';
import { type EndpointDeps, matchEndpoint } from './endpoints/match-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { failExchange } from './fail-exchange.ts';
import type { ConcurrencyLimits } from './limits/concurrency.ts';
import type { ForwardDeps } from './proxy/forwarding.ts';
import { assignIdentity, type IdentityDeps } from './steps/assign-identity.ts';
import { assignRequestId } from './steps/assign-request-id.ts';
import { assignTrace, type TraceDeps } from './steps/assign-trace.ts';
import { checkAccess } from './steps/check-access.ts';
import { checkPath } from './steps/check-path.ts';
import { checkProtocol } from './steps/check-protocol.ts';
import { forwardRequest } from './steps/forward-request.ts';
import { limitConcurrency } from './steps/limit-concurrency.ts';
import { type LoadDeps, limitLoad } from './steps/limit-load.ts';
import { type LimitDeps, limitRequest } from './steps/limit-request.ts';
import { matchPreflight } from './steps/match-preflight.ts';
import { matchRoute } from './steps/match-route.ts';
import type { Recorder } from './steps/record-exchange.ts';
import { stripHeaders } from './steps/strip-headers.ts';

export type PipelineDeps = EndpointDeps &
  IdentityDeps &
  ForwardDeps &
  LoadDeps &
  LimitDeps &
  TraceDeps & {
    readonly concurrency: ConcurrencyLimits;
    readonly trustedProxies: TrustedProxies;
    readonly recorder: Recorder;
  };

/** `answered`: the request is answered and no further step is taken. */
type Outcome = void | 'answered';
type Step = (x: Exchange, deps: PipelineDeps) => Outcome | Promise<Outcome>;

const steps: readonly Step[] = [
  stripHeaders,
  assignRequestId,
  assignTrace,
  checkPath,
  matchEndpoint,
  matchPreflight,
  matchRoute,
  limitLoad,
  checkAccess,
  checkProtocol,
  limitConcurrency,
  limitRequest,
  assignIdentity,
  forwardRequest,
];

/** Runs one request through all steps. Never throws. */
export function runPipeline(x: Exchange, deps: PipelineDeps): void {
  x.res.on('close', () => {
    x.forwarding?.release();
    // An accepted WebSocket is recorded when it ends.
    if (x.status !== 101) endExchange(x, deps.recorder);
  });
  runFrom(0, x, deps);
}

function runFrom(first: number, x: Exchange, deps: PipelineDeps): void {
  try {
    for (let i = first; i < steps.length; i++) {
      const outcome = steps[i]!(x, deps);
      if (outcome === undefined) continue;
      if (outcome === 'answered') return;
      outcome.then(
        // A client that left while we waited is not worth a call to a service.
        (late) => (late === undefined && !x.res.closed ? runFrom(i + 1, x, deps) : undefined),
        (thrown: unknown) => failExchange(x, thrown, deps.log),
      );
      return;
    }
  } catch (thrown) {
    failExchange(x, thrown, deps.log);
  }
}
