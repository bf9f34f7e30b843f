// One connection to a server, for one request at a time (RFC 9112 section 9). It is used again only when the answer
// was whole, nothing came behind it, and the request was sent in full; anything else ends it.

import type { UpstreamFailure } from '../proxy/upstream-error.ts';
import { type Writer, writeInTurn } from '../proxy/write-turn.ts';
import type { Timeouts } from '../routing/route.ts';
import type { Connector } from '../upstreams/connector.ts';
import { AnswerReader, readings } from './answer-reader.ts';
import { type BodyEvents, BodySender } from './body-sender.ts';
import type { Call, Carrier } from './call.ts';
import { coarseClock } from './coarse-clock.ts';
import { cutOff, invalid, timedOut, unconnected, unsent } from './http1-failure.ts';
import { type SocketEvents, WiredSocket } from './wired-socket.ts';

export interface ConnectionOwner {
  readonly connector: Connector;
  readonly timeouts: Timeouts;
  /** It can take a request. */
  onFree(connection: Http1Connection): void;
  /** It takes no more requests; told once. */
  onGone(connection: Http1Connection): void;
  /** The connection that the call was meant for ended before a byte of it was written. */
  onUnsent(call: Call): void;
}

// Node closes idle connections after 5 s, others later: ours go first, so that none dies under a request. A server
// that says how long it keeps them is believed, with a second to spare.
const unusedMsByDefault = 4000;
const unusedMsMax = 60_000;
const spareMs = 1000;

const phases = { connecting: 0, idle: 1, reserved: 2, busy: 3, gone: 4 } as const;

export class Http1Connection implements BodyEvents, Carrier, SocketEvents, Writer {
  /** By coarseClock; the owner looks at it. Who connects keeps the time for that himself. */
  deadlineMs = Infinity;
  readonly #owner: ConnectionOwner;
  readonly #wired: WiredSocket;
  readonly #reader = new AnswerReader();
  #phase: (typeof phases)[keyof typeof phases] = phases.connecting;
  #call: Call | undefined;
  #sender: BodySender | undefined = undefined;
  #isPaused = false;
  #hasServed = false;

  /** Opens a connection for this call. */
  constructor(owner: ConnectionOwner, call: Call) {
    this.#owner = owner;
    this.#call = call;
    call.carrier = this;
    this.#wired = new WiredSocket(owner.connector, call.request.upgrade, this);
  }

  /** Gives it a request; only when free. */
  reserve(call: Call): void {
    this.#phase = phases.reserved;
    this.#call = call;
    call.carrier = this;
    this.deadlineMs = Infinity;
    writeInTurn(this);
  }

  /** The turn of a reserved connection. */
  write(): void {
    if (this.#phase === phases.reserved) this.#begin(this.#call!);
  }

  abort(call: Call): void {
    if (call !== this.#call) return;
    this.#call = undefined;
    // One that is being opened will serve another; one that nothing was written to is as good as before.
    if (this.#phase === phases.reserved) this.#free();
    if (this.#phase !== phases.busy) return;
    this.#reader.stop();
    this.#drop();
  }

  pause(): void {
    if (this.#phase !== phases.busy || this.#isPaused) return;
    this.#isPaused = true;
    this.deadlineMs = Infinity;
    this.#wired.socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#waitFor(this.#owner.timeouts.idleMs);
    this.#wired.socket.resume();
  }

  /** Ends it whatever it does. Resolves once the descriptor is given back. */
  close(): Promise<void> {
    this.#fail(this.#phase === phases.busy ? invalid('client_closed') : unsent('client_closed'));
    return this.#wired.closed;
  }

  /** Called by the owner when the deadline is past. */
  onDeadline(): void {
    this.#fail(timedOut(this.#reader.hasHead ? 'idle_timeout' : 'headers_timeout'));
  }

  onConnect(): void {
    if (this.#call === undefined) this.#free();
    else this.#begin(this.#call);
  }

  onConnectFailed({ code = '' }: NodeJS.ErrnoException): void {
    this.#fail(unconnected(code));
  }

  onBytes(bytes: Buffer, length: number): void {
    const call = this.#call;
    // Bytes that nobody asked for answer nobody.
    if (this.#phase !== phases.busy || call === undefined) return this.#end('ECONNRESET');
    let reading: number;
    try {
      reading = this.#reader.read(bytes, 0, length);
    } catch {
      return this.#fail(invalid('sink_failed'));
    }
    if (call !== this.#call) return;
    if (reading === readings.ended) this.#finish(call, this.#reader.restAt === length);
    else if (reading === readings.more) this.#goOn(call);
    else if (reading === readings.refused) this.#fail(invalid(this.#reader.fault));
    else this.#upgrade(call, bytes.subarray(this.#reader.restAt, length));
  }

  onDrain(): void {
    if (this.#sender === undefined) return;
    if (!this.#reader.hasHead) this.deadlineMs = Infinity;
    this.#sender.resume();
  }

  onEnd(): void {
    if (this.#phase === phases.busy && this.#reader.finish()) this.#finish(this.#call!, false);
    else this.#end('ECONNRESET');
  }

  onError({ code = 'unknown' }: NodeJS.ErrnoException): void {
    this.#end(code);
  }

  onClose(): void {
    this.#end('ECONNRESET');
  }

  onBodyBlocked(): void {
    if (!this.#reader.hasHead) this.#waitFor(this.#owner.timeouts.headersMs);
  }

  onBodySent(): void {
    this.#sender = undefined;
    if (!this.#reader.hasHead) this.#waitFor(this.#owner.timeouts.headersMs);
  }

  onBodyBroken(): void {
    this.#fail(invalid('body_failed'));
  }

  #begin(call: Call): void {
    const { request, head, sink } = call;
    this.#phase = phases.busy;
    this.#reader.begin(request.method, request.upgrade, sink);
    if (request.body === undefined) {
      this.#wired.socket.write(head.text, 'latin1');
      this.#waitFor(this.#owner.timeouts.headersMs);
    } else {
      // As long as the server takes what the client sends, it is the client who is waited for.
      this.deadlineMs = Infinity;
      this.#sender = new BodySender(this.#wired.socket, head, request.body, this);
    }
  }

  /** A part of the answer was there. */
  #goOn(call: Call): void {
    if (this.#reader.hasHead) call.sink.onQuiet();
    // The sink may have held it back, or have let go of it.
    if (this.#isPaused || call !== this.#call) return;
    if (this.#reader.hasHead) this.#waitFor(this.#owner.timeouts.idleMs);
    else if (this.#reader.isInformed && this.#sender === undefined)
      this.#waitFor(this.#owner.timeouts.headersMs);
  }

  /** `isAll`: nothing came behind the answer. */
  #finish(call: Call, isAll: boolean): void {
    const { socket } = this.#wired;
    const isSent = this.#sender === undefined && socket.writableLength === 0;
    this.#call = undefined;
    call.finish();
    this.#hasServed = true;
    if (isAll && isSent && this.#reader.isReusable && call.head.keepsAlive) this.#free();
    else this.#drop();
    call.sink.onEnd(this.#reader.trailers);
  }

  #free(): void {
    this.#phase = phases.idle;
    const { keepAliveSeconds } = this.#reader;
    const unusedMs = keepAliveSeconds === -1 ? unusedMsByDefault : keepAliveSeconds * 1000 - spareMs;
    if (unusedMs <= 0) return this.#drop();
    this.#waitFor(Math.min(unusedMs, unusedMsMax));
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#wired.socket.resume();
    }
    this.#owner.onFree(this);
  }

  #upgrade(call: Call, rest: Buffer): void {
    this.#call = undefined;
    call.finish();
    this.#phase = phases.gone;
    this.#owner.onGone(this);
    call.sink.onUpgrade(this.#reader.upgradeHeaders, this.#wired.handOver(rest));
  }

  /** The connection has come to its end by itself, or deserves it. `code`: why. */
  #end(code: string): void {
    const call = this.#call;
    if (this.#phase === phases.reserved && call !== undefined) {
      this.#call = undefined;
      this.#drop();
      this.#owner.onUnsent(call);
      return;
    }
    const progress = { isAnswered: this.#reader.isBegun, hasServed: this.#hasServed };
    this.#fail(cutOff(code, progress));
  }

  #fail(failure: UpstreamFailure): void {
    const call = this.#call;
    this.#call = undefined;
    this.#drop();
    call?.fail(failure);
  }

  #drop(): void {
    if (this.#phase === phases.gone) return;
    this.#phase = phases.gone;
    this.#sender?.stop();
    this.#wired.destroy();
    this.#owner.onGone(this);
  }

  #waitFor(ms: number): void {
    this.deadlineMs = coarseClock.nowMs() + ms;
  }
}
