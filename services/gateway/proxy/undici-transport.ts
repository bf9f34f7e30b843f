// The transport on undici's Pool: dispatch with a handler object, no promises and no streams of answers.
// HTTP/1.1 only, one request at a time on a connection, parsed by llhttp in its strict mode.

import type { Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Timeouts } from '../routing/route.ts';
import type { Connector } from '../upstreams/connector.ts';
import type { AnswerSink, Transport, UpstreamCall } from './transport.ts';
import { connectionReset, readFailure } from './upstream-error.ts';

// Node closes idle connections after 5 s, others later: ours go first, so that none dies under a request.
const keepAliveMs = 4000;
const headerBytesMax = 32 * 1024;
// A service that sends one 1xx after the other would hold the request for ever.
const informationMax = 16;

/** A pool of connections to one target. Connections are opened as needed; the caller bounds its requests. */
export function createUndiciTransport(connector: Connector, timeouts: Timeouts): Transport {
  const { isTls, authority } = connector;
  const connect: buildConnector.connector = (_options, callback) => {
    connector.connect('http/1.1', (error, socket) => {
      if (socket === null) return callback(error, null);
      socket.prependListener('error', (failure: NodeJS.ErrnoException) =>
        describeReset(failure, socket, isTls),
      );
      callback(null, socket);
    });
  };
  const pool = new Pool(`http${isTls ? 's' : ''}://${authority}`, {
    connect,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: headerBytesMax,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.idleMs,
    allowH2: false,
  });
  return {
    send(request, sink) {
      const call = new Call(sink, isTls);
      pool.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
          upgrade: request.upgrade ? 'websocket' : null,
        },
        call,
      );
      return call;
    },
    destroy: () => pool.destroy(),
  };
}

// undici takes a reset in the middle of a body that ends with its connection for that end, and a reset does
// not tell whether its connection was used before. Giving it a code of our own, and the count, mends both.
function describeReset(failure: NodeJS.ErrnoException, socket: Socket, isTls: boolean): void {
  if (failure.code !== 'ECONNRESET' && failure.code !== 'EPIPE') return;
  // The handshake counts as bytes read; behind TLS no connection passes for a used one.
  const bytesRead = isTls ? 0 : socket.bytesRead;
  Object.assign(failure, { code: connectionReset(), socket: { bytesRead } });
}

class Call implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #sink: AnswerSink;
  readonly #isTls: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted = false;
  #answered = false;
  #head = false;
  #isQuietDue = false;
  #informations = 0;

  constructor(sink: AnswerSink, isTls: boolean) {
    this.#sink = sink;
    this.#isTls = isTls;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    // Before it has a connection there is nothing to end: onRequestStart does it then.
    this.#controller?.abort(new Error('aborted'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error('aborted'));
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText = '',
  ): void {
    if (this.#aborted) return;
    const headers = readRaw(controller.rawHeaders);
    if (status < 200) {
      if (++this.#informations > informationMax) return this.#fail(new Error('too many 1xx answers'));
      return this.#sink.onInformation(status, headers);
    }
    if (status > 599) return this.#fail(new Error('a status out of range'));
    this.#head = true;
    this.#sink.onHead(status, headers, statusText);
    this.#beQuietSoon();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#aborted) return;
    this.#sink.onData(chunk);
    this.#beQuietSoon();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#sink.onEnd(readRaw(controller.rawTrailers));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    socket: unknown,
  ): void {
    if (this.#aborted) {
      (socket as Socket).destroy();
      return;
    }
    this.#aborted = true;
    this.#sink.onUpgrade(readRaw(controller.rawHeaders), socket as Socket);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const progress = {
      started: this.#controller !== undefined,
      answered: this.#answered,
      head: this.#head,
    };
    const failure = readFailure(error, progress);
    this.#sink.onFailure(this.#isTls ? { ...failure, diedIdle: false } : failure);
  }

  /** undici does not tell when the bytes of a read are through: by the next tick they are. */
  #beQuietSoon(): void {
    if (this.#isQuietDue) return;
    this.#isQuietDue = true;
    process.nextTick(() => {
      this.#isQuietDue = false;
      if (!this.#aborted) this.#sink.onQuiet();
    });
  }

  #fail(error: Error): void {
    const failure = readFailure(error, { started: true, answered: true, head: false });
    this.abort();
    this.#sink.onFailure(failure);
  }
}

const none: readonly string[] = Object.freeze([]);

function readRaw(raw: unknown): readonly string[] {
  if (!Array.isArray(raw) || raw.length === 0) return none;
  return raw.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')));
}
