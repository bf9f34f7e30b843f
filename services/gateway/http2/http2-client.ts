// The transport to a service that speaks HTTP/2 (docs/decisions/0013): few connections, each for many requests at once.
// A connection is filled before another is opened. Both the connections and those who wait for one are bounded. A
// WebSocket goes over HTTP/1.1, for which a service in HTTP/2 has to listen too.

import { coarseClock, type Swept } from '../http1/coarse-clock.ts';
import type { Bounds as PoolBounds } from '../http1/http1-client.ts';
import { unsent } from '../http1/http1-failure.ts';
import type { AnswerSink, Transport, UpstreamCall, UpstreamRequest } from '../proxy/transport.ts';
import type { Timeouts } from '../routing/route.ts';
import type { Connector } from '../upstreams/connector.ts';
import { encodeFields } from './encode-fields.ts';
import { type CallOwner, Http2Call } from './http2-call.ts';
import { type ConnectionOwner, Http2Connection, type Pings } from './http2-connection.ts';

export type Bounds = PoolBounds & Pings;

const boundsByDefault: Bounds = {
  connectionsMax: 256,
  waitingMax: 1024,
  pingEveryMs: 15_000,
  pingAnswerMs: 20_000,
};

export class Http2Client implements CallOwner, ConnectionOwner, Swept, Transport {
  readonly connector: Connector;
  readonly timeouts: Timeouts;
  readonly #openHttp1: () => Transport;
  readonly #bounds: Bounds;
  readonly #connections = new Set<Http2Connection>();
  readonly #waiting = new Set<Http2Call>();
  #http1: Transport | undefined;
  #isDestroyed = false;

  constructor(
    connector: Connector,
    timeouts: Timeouts,
    openHttp1: () => Transport,
    bounds: Bounds = boundsByDefault,
  ) {
    this.connector = connector;
    this.timeouts = timeouts;
    this.#openHttp1 = openHttp1;
    this.#bounds = bounds;
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** @throws {AssertionError} when the request could not be written without becoming another one. */
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    if (request.upgrade) {
      this.#http1 ??= this.#openHttp1();
      return this.#http1.send(request, sink);
    }
    const call = new Http2Call(request, encodeFields(request, this.connector), sink);
    this.#place(call);
    return call;
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    for (const call of this.#waiting) queueMicrotask(() => call.fail(unsent('client_closed')));
    this.#waiting.clear();
    await Promise.all([
      ...[...this.#connections].map((connection) => connection.close()),
      this.#http1?.destroy(),
    ]);
  }

  onRoom(): void {
    for (const call of this.#waiting) {
      const connection = this.#find();
      if (connection === undefined) return;
      this.#waiting.delete(call);
      connection.take(call);
    }
  }

  onGone(connection: Http2Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) coarseClock.leave(this);
    const [next] = this.#waiting;
    if (next === undefined || this.#isDestroyed) return;
    this.#waiting.delete(next);
    this.#place(next);
  }

  onUnsent(call: Http2Call): void {
    this.#place(call);
  }

  sweep(nowMs: number): void {
    for (const connection of this.#connections) connection.sweep(nowMs);
    for (const call of this.#waiting) {
      if (call.deadlineMs > nowMs) break; // they came in this order
      this.#waiting.delete(call);
      call.fail(unsent('connect_timeout'));
    }
  }

  onAborted(call: Http2Call): void {
    this.#waiting.delete(call);
  }

  /** A call that waits has no stream that could end. */
  onAnswered(): void {}
  onBroken(): void {}
  onTimeout(): void {}
  onClosed(): void {}

  #place(call: Http2Call): void {
    // Not before `send` has returned.
    if (this.#isDestroyed) return queueMicrotask(() => call.fail(unsent('client_closed')));
    const connection = this.#find() ?? this.#open();
    if (connection !== undefined) return connection.take(call);
    if (this.#waiting.size >= this.#bounds.waitingMax) {
      return queueMicrotask(() => call.fail(unsent('too_many_waiting')));
    }
    call.owner = this;
    call.deadlineMs = coarseClock.nowMs() + this.timeouts.connectMs;
    this.#waiting.add(call);
  }

  #find(): Http2Connection | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    return undefined;
  }

  #open(): Http2Connection | undefined {
    if (this.#connections.size >= this.#bounds.connectionsMax) return undefined;
    if (this.#connections.size === 0) coarseClock.follow(this);
    const connection = new Http2Connection(this, this.#bounds);
    this.#connections.add(connection);
    return connection;
  }
}
