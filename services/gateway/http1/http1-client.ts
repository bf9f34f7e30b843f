// The transport on our own HTTP/1.1 client (docs/decisions/0014), the way to one target: a pool of connections, each
// for one request at a time. The one used last is used next, so that those too many grow old and close. Both the
// connections and those who wait for one are bounded.

import type { AnswerSink, Transport, UpstreamCall, UpstreamRequest } from '../proxy/transport.ts';
import type { Timeouts } from '../routing/route.ts';
import type { Connector } from '../upstreams/connector.ts';
import { Call, type Carrier } from './call.ts';
import { coarseClock, type Swept } from './coarse-clock.ts';
import { encodeRequest } from './encode-request.ts';
import { type ConnectionOwner, Http1Connection } from './http1-connection.ts';
import { unsent } from './http1-failure.ts';

export type Bounds = {
  readonly connectionsMax: number;
  /** Requests that may wait for a connection once all are in use. */
  readonly waitingMax: number;
};

// A stream that lasts holds its connection, so this is no bound on the load (max_pending is) but one on descriptors,
// well below the ports that one address has towards one target.
const boundsByDefault: Bounds = { connectionsMax: 16_384, waitingMax: 1024 };

export class Http1Client implements Carrier, ConnectionOwner, Swept, Transport {
  readonly connector: Connector;
  readonly timeouts: Timeouts;
  readonly #bounds: Bounds;
  readonly #connections = new Set<Http1Connection>();
  /** The last is the one used last. */
  readonly #idle: Http1Connection[] = [];
  readonly #waiting = new Set<Call>();
  #isDestroyed = false;

  constructor(connector: Connector, timeouts: Timeouts, bounds = boundsByDefault) {
    this.connector = connector;
    this.timeouts = timeouts;
    this.#bounds = bounds;
  }

  /** Open connections, idle ones too. */
  get size(): number {
    return this.#connections.size;
  }

  /** @throws {AssertionError} when the request could not be written without becoming another one. */
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    const call = new Call(request, encodeRequest(request, this.connector.authority), sink);
    this.#place(call);
    return call;
  }

  /** Ends all connections, those with calls under way too. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    for (const call of this.#waiting) failSoon(call, 'client_closed');
    this.#waiting.clear();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  onFree(connection: Http1Connection): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#idle.push(connection);
    else {
      this.#waiting.delete(next);
      connection.reserve(next);
    }
  }

  onGone(connection: Http1Connection): void {
    this.#connections.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#connections.size === 0) coarseClock.leave(this);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#place(next);
  }

  onUnsent(call: Call): void {
    this.#place(call);
  }

  abort(call: Call): void {
    this.#waiting.delete(call);
  }

  /** A call that waits for a connection gets no answer that could be held back. */
  pause(): void {}
  resume(): void {}

  sweep(nowMs: number): void {
    for (const connection of this.#connections) if (connection.deadlineMs <= nowMs) connection.onDeadline();
    for (const call of this.#waiting) {
      if (call.deadlineMs > nowMs) break; // they came in this order
      this.#waiting.delete(call);
      call.fail(unsent('connect_timeout'));
    }
  }

  #place(call: Call): void {
    if (this.#isDestroyed) return failSoon(call, 'client_closed');
    // A WebSocket needs a connection of its own, and takes it out of the pool.
    const idle = call.request.upgrade ? undefined : this.#idle.pop();
    if (idle !== undefined) idle.reserve(call);
    else if (call.request.upgrade || this.#connections.size < this.#bounds.connectionsMax) this.#open(call);
    else if (this.#waiting.size < this.#bounds.waitingMax) this.#queue(call);
    else failSoon(call, 'too_many_waiting');
  }

  #open(call: Call): void {
    if (this.#connections.size === 0) coarseClock.follow(this);
    this.#connections.add(new Http1Connection(this, call));
  }

  #queue(call: Call): void {
    call.carrier = this;
    call.deadlineMs = coarseClock.nowMs() + this.timeouts.connectMs;
    this.#waiting.add(call);
  }
}

/** Not before `send` has returned. */
function failSoon(call: Call, reason: Parameters<typeof unsent>[0]): void {
  queueMicrotask(() => call.fail(unsent(reason)));
}
