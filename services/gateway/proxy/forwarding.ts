// One request on its way to a service and the answer on its way back: it holds the call to the target and
// tries again where that is safe. Once a byte of the answer is out, a failure destroys the client's
// connection, so that a cut answer can't be taken for a whole one.

import type { Socket } from 'node:net';
import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { CallSpan } from '@pi-gateway/trace-context/tracing.ts';
import { closeBehindUnread } from '../close-behind.ts';
import type { Exchange } from '../exchange.ts';
import { failExchange } from '../fail-exchange.ts';
import { routeLimitHeaders } from '../limits/route-limit-headers.ts';
import { receivedStatus } from '../observe/proxy-status.ts';
import type { Pass } from '../upstreams/circuit-breaker.ts';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import type { UpstreamTarget } from '../upstreams/upstream-target.ts';
import { filterAnswerHeaders } from './answer-headers.ts';
import { AnswerWriter } from './answer-writer.ts';
import { originOf, replaceCorsFields } from './cors-fields.ts';
import { relayEarlyHints } from './relay-early-hints.ts';
import { RequestBody } from './request-body.ts';
import type { AnswerSink, UpstreamCall, UpstreamRequest } from './transport.ts';
import { mayRetry, totalTimeout, type UpstreamFailure } from './upstream-error.ts';

export type ForwardDeps = {
  /** Enforces what auth revoked, before the client hears of it. */
  readonly applyRevocations: (header: string) => void;
  /** Takes over both sockets of an accepted WebSocket. */
  readonly openTunnel: (x: Exchange, headers: readonly string[], upstream: Socket) => void;
  readonly log: Log;
};

export class Forwarding implements AnswerSink {
  readonly #x: Exchange;
  readonly #deps: ForwardDeps;
  readonly #service: UpstreamService;
  readonly #request: UpstreamRequest;
  readonly #body: RequestBody | undefined;
  readonly #deadline: NodeJS.Timeout | undefined;
  #target: UpstreamTarget;
  #pass: Pass = 0;
  /** Targets it has failed on. */
  #tried: readonly UpstreamTarget[] = [];
  #call: UpstreamCall | undefined;
  #writer: AnswerWriter | undefined;
  /** Of the call under way. */
  #span: CallSpan | undefined;
  /** Of the service's answer. */
  #status = 0;
  #isPending = true;
  #isDone = false;

  /** Counts the request as pending at once; `send` has to follow. */
  constructor(
    x: Exchange,
    service: UpstreamService,
    request: Omit<UpstreamRequest, 'body'>,
    deps: ForwardDeps,
  ) {
    this.#x = x;
    this.#deps = deps;
    this.#service = service;
    const { idleMs, totalMs } = service.config.timeouts;
    if (totalMs !== undefined) this.#deadline = setTimeout(() => this.#expire(), totalMs);
    this.#body = x.hasBody ? new RequestBody(x.req, x.res, x.route!.bodyLimitBytes, idleMs) : undefined;
    // Field by field: a spread costs as much as routing the request.
    const { method, path, headers, upgrade } = request;
    this.#request = { method, path, headers, body: this.#body, upgrade };
    this.#target = service.pick(performance.now());
    service.pending += 1;
    service.retryBudget.noteRequest();
  }

  send(): void {
    const target = this.#target;
    this.#pass = target.begin();
    this.#x.target = target.origin;
    this.#x.targetAddress = target.address;
    this.#x.upstreamStartedMs = performance.now();
    if (this.#x.span !== undefined) this.#beginSpan();
    this.#call = target.transport.send(this.#request, this);
    // The client may have left, or the transport failed, before there was a call to abort.
    if (this.#isDone) this.#call.abort();
  }

  /** The client's connection has closed, or the answer is out. */
  release(): void {
    if (this.#isDone) return;
    this.#finish(this.#x.reason ?? 'client_gone');
    this.#call?.abort();
  }

  onInformation(status: number, headers: readonly string[]): void {
    relayEarlyHints(this.#x, status, headers);
  }

  onHead(status: number, headers: readonly string[], statusText: string): void {
    const x = this.#x;
    const { req, res } = x;
    // The front has refused a body that turned out malformed.
    if (res.headersSent) return this.release();
    x.upstreamHeadMs = performance.now();
    this.#status = status;
    this.#settlePending();
    this.#target.breaker.noteAnswered(this.#pass, x.upstreamHeadMs);
    const isBodiless = req.method === 'HEAD' || status === 204 || status === 304;
    const canChunk = !isBodiless && req.httpVersionMinor === 1;
    const answer = filterAnswerHeaders(headers, x.requestId, {
      keepLength: status !== 204,
      keepTrailer: canChunk,
    });
    if (answer.revocations !== undefined && x.route!.isAuth) {
      this.#deps.applyRevocations(answer.revocations);
    }
    const { fields, hasLength } = answer;
    if (x.limitState !== undefined) {
      fields.push(...Object.entries(routeLimitHeaders(x.route!.rateLimit!, x.limitState)).flat());
    }
    if (status >= 500) fields.push('proxy-status', receivedStatus(status));
    const { cors } = x.route!;
    if (cors !== undefined) replaceCorsFields(fields, cors, originOf(x));
    closeBehindUnread(x, fields);
    const form = { isBodiless, isChunked: canChunk && !hasLength };
    this.#writer = new AnswerWriter(x, this.#call!, form, this.#service.config.timeouts.idleMs);
    try {
      this.#writer.writeHead(status, statusText, fields);
    } catch (error) {
      x.reason = 'upstream_invalid';
      this.release();
      failExchange(x, new AppError('upstream_invalid', { cause: error }), this.#deps.log);
    }
  }

  onData(chunk: Buffer): void {
    this.#writer?.take(chunk);
  }

  onQuiet(): void {
    this.#writer?.flush();
  }

  onEnd(trailers: readonly string[]): void {
    this.#finish();
    this.#writer?.end(trailers);
  }

  onUpgrade(headers: readonly string[], socket: Socket): void {
    this.#x.upstreamHeadMs = performance.now();
    this.#status = 101;
    this.#target.breaker.noteAnswered(this.#pass, this.#x.upstreamHeadMs);
    this.#finish();
    try {
      this.#deps.openTunnel(this.#x, headers, socket);
    } catch (thrown) {
      failExchange(this.#x, thrown, this.#deps.log);
    }
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#isDone) return;
    const x = this.#x;
    const fault = this.#body?.fault;
    const nowMs = performance.now();
    if (fault === undefined) this.#noteFailure(failure, nowMs);
    this.#tried = [...this.#tried, this.#target];
    if (!x.res.headersSent && fault === undefined && this.#takeRetry(failure)) {
      x.retries += 1;
      x.failedOn = [...x.failedOn, this.#target.origin];
      this.#span?.end({ status: 0, reason: failure.reason });
      this.#target.end(this.#pass);
      this.#target = this.#service.pick(nowMs, this.#tried);
      this.send();
      return;
    }
    this.#fail(failure);
  }

  #fail(failure: UpstreamFailure): void {
    const x = this.#x;
    const fault = this.#body?.fault;
    x.reason = fault ?? failure.reason;
    this.#finish();
    if (x.res.writableEnded) return;
    if (fault === 'too_slow' || fault === 'client_gone') x.req.socket.destroy();
    else
      failExchange(x, new AppError(fault === undefined ? failure.code : 'payload_too_large'), this.#deps.log);
  }

  #noteFailure(failure: UpstreamFailure, nowMs: number): void {
    const { breaker } = this.#target;
    if (failure.reached) breaker.noteFailed(this.#pass, nowMs);
    else breaker.noteUnreachable(this.#pass, nowMs);
  }

  #takeRetry(failure: UpstreamFailure): boolean {
    const isFresh = this.#body === undefined || !(this.#body.isBegun || this.#body.destroyed);
    const sent = {
      method: this.#request.method,
      hasBody: this.#body !== undefined,
      hasOther: this.#service.targets.length > 1,
    };
    return (
      isFresh &&
      this.#x.retries < this.#service.config.retries &&
      mayRetry(failure, sent) &&
      this.#service.takeRetry(failure.reached, this.#tried)
    );
  }

  /** `total_ms` is over, whatever it is that takes so long. */
  #expire(): void {
    if (this.#isDone) return;
    this.#call?.abort();
    this.#fail(totalTimeout);
  }

  #beginSpan(): void {
    const { span, headers, retries, traceparentAt, target } = this.#x;
    const { method } = this.#request;
    this.#span = span!.beginCall({
      method,
      service: this.#service.config.name,
      target: target!,
      retry: retries,
    });
    headers[traceparentAt] = this.#span.traceparent;
  }

  #settlePending(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.#service.pending -= 1;
  }

  #finish(reason = this.#x.reason): void {
    this.#isDone = true;
    clearTimeout(this.#deadline);
    this.#writer?.stop();
    this.#settlePending();
    this.#target.end(this.#pass);
    this.#span?.end({ status: this.#status, reason });
    if (this.#body !== undefined) {
      this.#x.bytesIn = this.#body.bytes;
      this.#body.destroy();
    }
  }
}
