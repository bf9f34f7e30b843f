// One request on its way to a service and the answer on its way back. It holds the call to the target, tries
// again where that is safe, and relays with back-pressure both ways. Once a byte of the answer is out, a
// failure destroys the client's connection, so that a cut answer can't be taken for a whole one.

import type { Socket } from 'node:net';
import { connectionOf } from '@pi-gateway/http-front/connection.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { failExchange } from '../fail-exchange.ts';
import { limitHeaders } from '../steps/limit-request.ts';
import { filterAnswerHeaders, filterTrailers } from './answer-headers.ts';
import { RequestBody } from './request-body.ts';
import type { AnswerSink, UpstreamCall, UpstreamRequest } from './transport.ts';
import { mayRetry, type UpstreamFailure } from './upstream-error.ts';
import type { UpstreamService } from './upstream-service.ts';
import type { UpstreamTarget } from './upstream-target.ts';

export type ForwardDeps = {
  /** Enforces what auth revoked, before the client hears of it. */
  readonly applyRevocations: (header: string) => void;
  /** Takes over both sockets of an accepted WebSocket. */
  readonly openTunnel: (x: Exchange, headers: readonly string[], upstream: Socket) => void;
  readonly log: Log;
};

const empty = Buffer.alloc(0);
const plainText = /^[\t\x20-\x7e]+$/;

export class Forwarding implements AnswerSink {
  readonly #x: Exchange;
  readonly #deps: ForwardDeps;
  readonly #service: UpstreamService;
  readonly #body: RequestBody | undefined;
  #target: UpstreamTarget | undefined;
  #call: UpstreamCall | undefined;
  #request: Omit<UpstreamRequest, 'body'> | undefined;
  #isPending = true;
  #isDone = false;
  /** The last piece of the answer, held until it is known whether it was the last. */
  #chunk: Buffer | undefined;
  #isFlushing = false;
  #isBodiless = false;
  #isChunked = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(x: Exchange, service: UpstreamService, deps: ForwardDeps) {
    this.#x = x;
    this.#deps = deps;
    this.#service = service;
    const { bodyLimitBytes } = x.route!;
    const { idleMs } = service.config.timeouts;
    this.#body = x.hasBody ? new RequestBody(x.req, x.res, bodyLimitBytes, idleMs) : undefined;
    service.pending += 1;
    service.retryBudget.noteRequest();
  }

  send(request: Omit<UpstreamRequest, 'body'>, avoid?: UpstreamTarget): void {
    const target = this.#service.pick(performance.now(), avoid);
    this.#target = target;
    target.active += 1;
    this.#x.target = target.origin;
    this.#x.upstreamStartedMs = performance.now();
    this.#request = request;
    this.#call = target.transport.send({ ...request, body: this.#body }, this);
    // The client may have left, or the transport failed, before there was a call to abort.
    if (this.#isDone) this.#call.abort();
  }

  /** The client's connection has closed, or the answer is out. */
  release(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#call?.abort();
  }

  onInformation(status: number, headers: readonly string[]): void {
    const { req, res, listener, isTrustedPeer, upgrade } = this.#x;
    // nginx takes a 103 for the final answer; HTTP/1.0 knows no 1xx at all.
    const isDirect = listener === 'port' && !isTrustedPeer && upgrade === undefined;
    if (status !== 103 || !isDirect || req.httpVersionMinor === 0 || res.headersSent) return;
    const { fields } = filterAnswerHeaders(headers, this.#x.requestId, noBody);
    const link = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === 'link');
    if (link.length === 0) return;
    try {
      res.writeEarlyHints({ link });
    } catch {
      // A link that is none: the hint is lost, the answer is not.
    }
  }

  onHead(status: number, headers: readonly string[], statusText: string): void {
    const x = this.#x;
    const { req, res } = x;
    // The front has refused a body that turned out malformed.
    if (res.headersSent) return this.release();
    x.upstreamHeadMs = performance.now();
    this.#settlePending();
    this.#target!.noteReached();
    this.#isBodiless = req.method === 'HEAD' || status === 204 || status === 304;
    const canChunk = !this.#isBodiless && req.httpVersionMinor === 1;
    const answer = filterAnswerHeaders(headers, x.requestId, {
      keepLength: status !== 204,
      keepTrailer: canChunk,
    });
    this.#isChunked = canChunk && !answer.hasLength;
    if (answer.revocations !== undefined && x.route!.isAuth) {
      this.#deps.applyRevocations(answer.revocations);
    }
    const { fields } = answer;
    if (x.limitState !== undefined) pushEntries(fields, limitHeaders(x.route!.rateLimit!, x.limitState));
    if (x.hasBody && !req.complete) {
      // The rest of the body is nobody's any more: what follows on this connection can't be told from it.
      fields.push('connection', 'close');
      connectionOf(req.socket).isClosing = true;
    }
    try {
      if (plainText.test(statusText)) res.writeHead(status, statusText, fields);
      else res.writeHead(status, fields);
    } catch (error) {
      this.release();
      failExchange(x, new AppError('upstream_invalid', { cause: error }), this.#deps.log);
      return;
    }
    // The head goes out by itself when no piece of the body comes right behind it (SSE, long polls).
    this.#flushSoon();
  }

  onData(chunk: Buffer): void {
    this.#x.bytesOut += chunk.length;
    if (this.#isBodiless) return;
    const held = this.#chunk;
    this.#chunk = chunk;
    this.#flushSoon();
    if (held !== undefined) this.#write(held);
  }

  onEnd(trailers: readonly string[]): void {
    const { res } = this.#x;
    this.#finish();
    if (this.#isChunked && trailers.length > 0 && !this.#addTrailers(trailers)) return;
    const last = this.#chunk;
    this.#chunk = undefined;
    if (last === undefined) res.end();
    else res.end(last);
  }

  onUpgrade(headers: readonly string[], socket: Socket): void {
    this.#target!.noteReached();
    this.#finish();
    try {
      this.#deps.openTunnel(this.#x, headers, socket);
    } catch (thrown) {
      failExchange(this.#x, thrown, this.#deps.log);
    }
  }

  onFailure(failure: UpstreamFailure): void {
    const x = this.#x;
    const target = this.#target!;
    if (this.#isDone) return;
    const fault = this.#body?.fault;
    if (!failure.reached && fault === undefined) target.noteUnreachable(performance.now());
    if (!x.res.headersSent && fault === undefined && this.#takeRetry(failure)) {
      x.retries += 1;
      target.active -= 1;
      this.send(this.#request!, target);
      return;
    }
    this.#finish();
    x.reason = fault ?? failure.reason;
    if (x.res.writableEnded) return;
    if (fault === 'too_slow' || fault === 'client_gone') x.req.socket.destroy();
    else
      failExchange(x, new AppError(fault === undefined ? failure.code : 'payload_too_large'), this.#deps.log);
  }

  #addTrailers(trailers: readonly string[]): boolean {
    const { res, req } = this.#x;
    try {
      res.addTrailers(filterTrailers(trailers));
      return true;
    } catch {
      // A field that no server may send: without it the answer is not whole.
      this.#x.reason = 'invalid_trailer';
      req.socket.destroy();
      return false;
    }
  }

  #takeRetry(failure: UpstreamFailure): boolean {
    const isFresh = this.#body === undefined || !(this.#body.isBegun || this.#body.destroyed);
    return (
      isFresh &&
      this.#x.retries < this.#service.config.retries &&
      mayRetry(failure, this.#request!.method, this.#body !== undefined) &&
      this.#service.retryBudget.take()
    );
  }

  /** Writes what is held once the present batch of the answer's bytes is through: one packet instead of two. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(flush, this);
  }

  /** @internal called by `flush`. */
  flushHeld(): void {
    this.#isFlushing = false;
    if (this.#isDone) return;
    const held = this.#chunk ?? empty;
    this.#chunk = undefined;
    // Not flushHeaders(): it would write the head as UTF-8 and change what a service sent as latin1.
    this.#write(held);
  }

  #write(chunk: Buffer): void {
    if (this.#x.res.write(chunk) || this.#stall !== undefined) return;
    this.#call?.pause();
    this.#x.res.once('drain', () => this.#goOn());
    // A client that takes nothing for so long holds the service's connection for nothing.
    this.#stall = setTimeout(() => this.#x.req.socket.destroy(), this.#service.config.timeouts.idleMs);
  }

  #goOn(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (!this.#isDone) this.#call?.resume();
  }

  #settlePending(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.#service.pending -= 1;
  }

  #finish(): void {
    this.#isDone = true;
    clearTimeout(this.#stall);
    this.#settlePending();
    this.#target!.active -= 1;
    if (this.#body !== undefined) {
      this.#x.bytesIn = this.#body.bytes;
      this.#body.destroy();
    }
  }
}

const noBody = { keepLength: false, keepTrailer: false } as const;

function flush(forwarding: Forwarding): void {
  forwarding.flushHeld();
}

function pushEntries(fields: string[], entries: Record<string, string>): void {
  for (const [name, value] of Object.entries(entries)) fields.push(name, value);
}
