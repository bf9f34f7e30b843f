// One connection to a service in HTTP/2: by ALPN over TLS, by prior knowledge without (RFC 9113 section 3). Requests are
// sent once the service has shown that it speaks the protocol, which bounds how many at once; none is sent to one that is
// about to go, or that nothing is heard of.

import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { coarseClock } from '../http1/coarse-clock.ts';
import { invalid, unconnected, unsent } from '../http1/http1-failure.ts';
import type { Timeouts } from '../routing/route.ts';
import type { Connector } from '../upstreams/connector.ts';
import type { CallOwner, Http2Call } from './http2-call.ts';
import { readStreamEnd } from './http2-failure.ts';

export interface ConnectionOwner {
  readonly connector: Connector;
  readonly timeouts: Timeouts;
  /** A stream has become free. */
  onRoom(): void;
  /** It takes no more requests, and is gone altogether; told once. */
  onGone(connection: Http2Connection): void;
  /** A request that surely reached nobody. */
  onUnsent(call: Http2Call): void;
}

export type Pings = {
  /** After so long without a word from the service it is asked for one. */
  readonly pingEveryMs: number;
  /** And given up when it does not answer within this. */
  readonly pingAnswerMs: number;
};

const streamsMax = 100;
// Fewer than services bear before they take us for an attacker (Node's own server: a thousand at once): whoever aborts
// requests through us must not end those of others with the connection.
const resetsMax = 500;
const unusedMsMax = 60_000;
const windowBytes = 1024 * 1024;
/** How often a request is handed to another connection before its failure is told. */
const triesMax = 3;

const sessionOptions = {
  // The windows bound what is held for a client that takes nothing: each stream's own.
  settings: { enablePush: false, initialWindowSize: 128 * 1024, maxHeaderListSize: 32 * 1024 },
  maxHeaderListPairs: 512,
  maxReservedRemoteStreams: 0,
  /** Megabytes; more than all windows together. */
  maxSessionMemory: 64,
  // What a client sent twice goes on twice, as in HTTP/1.1.
  strictSingleValueFields: false,
};

export class Http2Connection implements CallOwner {
  readonly timeouts: Timeouts;
  readonly #owner: ConnectionOwner;
  readonly #pings: Pings;
  readonly #calls = new Set<Http2Call>();
  #session: ClientHttp2Session | undefined;
  #isReady = false;
  #isRetired = false;
  #isDoubted = false;
  #isGone = false;
  #hasServed = false;
  #resets = 0;
  /** Streams after this one were not looked at. */
  #lastStreamId = Infinity;
  #pingedMs: number | undefined;
  #heardMs = coarseClock.nowMs();
  #usedMs = coarseClock.nowMs();
  readonly #readyByMs: number;
  readonly #closed = Promise.withResolvers<void>();

  constructor(owner: ConnectionOwner, pings: Pings) {
    this.#owner = owner;
    this.#pings = pings;
    this.timeouts = owner.timeouts;
    this.#readyByMs = coarseClock.nowMs() + owner.timeouts.connectMs;
    owner.connector.connect('h2', (error, socket) => {
      if (socket === null) this.#end((error as NodeJS.ErrnoException).code ?? '');
      else if (this.#isGone) socket.on('error', () => {}).destroy();
      else this.#open(socket);
    });
  }

  get hasRoom(): boolean {
    const isUsable = !(this.#isRetired || this.#isDoubted || this.#isGone || this.#isClosing);
    const offered = this.#isReady
      ? (this.#session!.remoteSettings.maxConcurrentStreams ?? streamsMax)
      : streamsMax;
    return isUsable && this.#calls.size < Math.min(streamsMax, offered);
  }

  /** Node has ended it, and tells of it in a moment. */
  get #isClosing(): boolean {
    return this.#session !== undefined && (this.#session.closed || this.#session.destroyed);
  }

  /** Only when it has room. */
  take(call: Http2Call): void {
    this.#calls.add(call);
    call.owner = this;
    if (this.#isReady) this.#begin(call);
  }

  /** Ends it whatever it does. Resolves once the descriptor is given back. */
  close(): Promise<void> {
    this.#end('', 'client_closed');
    return this.#closed.promise;
  }

  sweep(nowMs: number): void {
    for (const call of this.#calls) if (call.deadlineMs <= nowMs) call.onDeadline();
    if (!this.#isReady) {
      if (this.#readyByMs <= nowMs) this.#end('CONNECT_TIMEOUT');
    } else if (this.#pingedMs !== undefined) {
      if (nowMs - this.#pingedMs > this.#pings.pingAnswerMs) this.#end('ECONNRESET');
    } else if (this.#calls.size === 0 && nowMs - this.#usedMs > unusedMsMax) this.#retire();
    else if (nowMs - this.#heardMs > this.#pings.pingEveryMs) this.#ping(nowMs);
  }

  onAborted(call: Http2Call): void {
    if (!call.hasStream) this.#leave(call);
    else if (++this.#resets >= resetsMax) this.#retire();
  }

  onAnswered(): void {
    this.#hasServed = true;
    this.#heardMs = coarseClock.nowMs();
  }

  onTimeout(call: Http2Call): void {
    if (!call.hasStream) this.#leave(call);
    // The service is slow, or nobody is there any more: until it answers a ping, nothing else is sent to it.
    if (call.hasHead || !this.#isReady) return;
    this.#isDoubted = true;
    if (this.#pingedMs === undefined) this.#ping(coarseClock.nowMs());
  }

  // Not before: the service counts a stream until it hears of its end, and refuses what comes above its limit.
  onClosed(call: Http2Call): void {
    this.#leave(call);
  }

  onBroken(call: Http2Call, code: number): void {
    // Which streams a GOAWAY left out is told a moment after they were closed for it.
    setImmediate(() => {
      if (!this.#calls.has(call)) return;
      this.#leave(call);
      // Whoever has begun to answer has looked at it, whatever he says then.
      const isUnseen = code === constants.NGHTTP2_REFUSED_STREAM || call.streamId > this.#lastStreamId;
      const isRefused = isUnseen && !call.hasHead;
      const isLeaving = this.#isRetired || this.#isClosing;
      const { body } = call.request;
      if (isRefused && isLeaving && body === undefined && call.tries < triesMax) {
        call.release();
        this.#owner.onUnsent(call);
        return;
      }
      call.fail(
        readStreamEnd({
          code,
          isRefused,
          hasHead: call.hasHead,
          isConnectionLost: this.#isGone || this.#session?.destroyed === true,
          hasServed: this.#hasServed,
        }),
      );
    });
  }

  #open(socket: Socket): void {
    const { isTls, authority } = this.#owner.connector;
    const session = connect(`http${isTls ? 's' : ''}://${authority}`, {
      ...sessionOptions,
      createConnection: () => socket,
    });
    this.#session = session;
    let code = 'ECONNRESET';
    session.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? code));
    session.on('goaway', (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId;
      this.#retire();
    });
    session.on('remoteSettings', () => this.#onSettings());
    session.on('close', () => this.#end(code));
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(windowBytes);
    });
  }

  #onSettings(): void {
    this.#heardMs = coarseClock.nowMs();
    if (this.#isReady) return this.#owner.onRoom();
    this.#isReady = true;
    const offered = Math.min(streamsMax, this.#session!.remoteSettings.maxConcurrentStreams ?? streamsMax);
    const calls = [...this.#calls];
    for (const call of calls.slice(0, offered)) this.#begin(call);
    // More were waiting for it than it takes at once. Where it takes none, another connection would not either.
    for (const call of calls.slice(offered)) {
      this.#calls.delete(call);
      call.release();
      if (offered > 0) this.#owner.onUnsent(call);
      else call.fail(unsent('too_many_waiting'));
    }
    if (offered === 0) this.#retire();
    this.#owner.onRoom();
  }

  #begin(call: Http2Call): void {
    this.#usedMs = coarseClock.nowMs();
    call.tries += 1;
    try {
      call.begin(this.#session!, this);
    } catch {
      // It was closed a moment ago.
      this.#leave(call);
      call.release();
      this.#retire();
      if (call.tries < triesMax) this.#owner.onUnsent(call);
      else call.fail(unsent('client_closed'));
    }
  }

  /** Says nothing of the service: a call whose client has left, or that was too late, ends on a dead connection too. */
  #leave(call: Http2Call): void {
    this.#usedMs = coarseClock.nowMs();
    if (this.#calls.delete(call)) this.#owner.onRoom();
  }

  /** It takes no more requests, and closes once those it has are answered. */
  #retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#session?.close();
  }

  #ping(nowMs: number): void {
    if (this.#isClosing) return;
    this.#pingedMs = nowMs;
    this.#session!.ping((error) => {
      if (error !== null) return;
      this.#pingedMs = undefined;
      this.#heardMs = coarseClock.nowMs();
      this.#isDoubted = false;
      this.#owner.onRoom();
    });
  }

  #end(code: string, reason?: 'client_closed'): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const wasReady = this.#isReady;
    const session = this.#session;
    if (session === undefined || session.destroyed) this.#closed.resolve();
    else session.once('close', () => this.#closed.resolve()).destroy();
    this.#owner.onGone(this);
    // Streams end with their session by themselves; a call that has none yet is told here.
    for (const call of this.#calls) {
      if (wasReady && reason === undefined) continue;
      this.#calls.delete(call);
      if (reason === undefined) call.fail(unconnected(code));
      else call.fail(call.streamId === 0 ? unsent(reason) : invalid(reason));
    }
  }
}
