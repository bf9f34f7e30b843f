// One request and its answer on their way through the pipeline. Each field is written by one step, named
// beside it, and only read after that. A class, so that all exchanges have one shape (and one cost).

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BucketState } from '@pi-gateway/limiter/limiter.ts';
import type { TokenFault } from '@pi-gateway/problem/token-fault.ts';
import type { RequestSpan } from '@pi-gateway/trace-context/tracing.ts';
import type { Permit } from './limits/concurrency.ts';
import type { Reason } from './observe/proxy-status.ts';
import type { Principal } from './principal.ts';
import type { Snapshot, SnapshotRoute } from './routing/snapshot.ts';

/** Where the connection came in: over our own entry's socket, or at a port anybody may reach. */
export type Listener = 'port' | 'socket';

/** The raw connection of a request that asks for a WebSocket. */
export type UpgradeRequest = {
  /** What the client sent in one piece with its request. */
  readonly head: Buffer;
  /** Before somebody else reads the connection. */
  readonly endWatch: () => void;
};

const none = '';
const noTargets: readonly string[] = Object.freeze([]);

export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly listener: Listener;
  readonly snapshot: Snapshot;
  readonly startedMs = performance.now();
  readonly upgrade: UpgradeRequest | undefined;

  // strip
  /** Flat list of the client's end-to-end fields; the later steps add ours to it. */
  headers: string[] = [];
  authorization: string | undefined = undefined;
  contentLength: number | undefined = undefined;
  hasBody = false;
  expectsContinue = false;
  wantsWebSocket = false;
  /** The host that was asked for, as it was written; what a trusted peer says of it counts (assign-request-id). */
  host = none;
  /** What the peer claimed; believed only from trusted peers. */
  claimed: ClaimedHeaders | undefined = undefined;

  // assign-request-id
  requestId = none;
  clientAddress = none;
  isTrustedPeer = false;

  // assign-trace
  /** What the service is told; with spans recorded, each call of it gets its own in the place of this one. */
  traceparent = none;
  tracestate: string | undefined = undefined;
  /** Undefined: no spans are recorded. */
  span: RequestSpan | undefined = undefined;

  // check-path
  /** The method that is decided about; at /verify the original request's. */
  method = none;
  path = none;
  query = none;
  hasEncodedSlashes = false;

  // match
  route: SnapshotRoute | undefined = undefined;

  // check-access
  principal: Principal | undefined = undefined;

  // assign-identity
  /** Where in `headers` the value of traceparent stands. */
  traceparentAt = 0;

  // limit
  /** Its place among the requests under way; given back at the end. */
  permit: Permit | undefined = undefined;
  limitState: BucketState | undefined = undefined;

  // forward
  /** Undefined until the request is on its way. */
  forwarding: { release(): void } | undefined = undefined;
  target: string | undefined = undefined;
  targetAddress: string | undefined = undefined;
  upstreamStartedMs = 0;
  upstreamHeadMs = 0;
  retries = 0;
  /** The targets of the calls that were tried again. */
  failedOn: readonly string[] = noTargets;

  // record
  /** The route's name in log and metrics where it is not a route of the table. */
  label: string | undefined = undefined;
  /** The problem's code, or what ended the exchange early; undefined when all went well. */
  reason: Reason | undefined = undefined;
  /** Why the token was refused, when it was. */
  fault: TokenFault | undefined = undefined;
  bytesIn = 0;
  bytesOut = 0;
  status = 0;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    listener: Listener,
    snapshot: Snapshot,
    upgrade?: UpgradeRequest,
  ) {
    this.req = req;
    this.res = res;
    this.listener = listener;
    this.snapshot = snapshot;
    this.upgrade = upgrade;
  }
}

export type ClaimedHeaders = {
  forwardedFor?: string;
  forwardedProto?: string;
  forwardedHost?: string;
  requestId?: string;
  traceparent?: string;
  tracestate?: string;
};
