// One request on a stream of its own and its answer (RFC 9113 section 8.1). Its end is told once, however it came.

import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Readable } from 'node:stream';
import { coarseClock } from '../http1/coarse-clock.ts';
import { invalid, timedOut } from '../http1/http1-failure.ts';
import type { AnswerSink, UpstreamCall, UpstreamRequest } from '../proxy/transport.ts';
import type { UpstreamFailure } from '../proxy/upstream-error.ts';
import type { Timeouts } from '../routing/route.ts';
import { withoutPseudo } from './encode-fields.ts';

/** Who has a call: the client while it waits, then a connection. */
export interface CallOwner {
  readonly timeouts: Timeouts;
  /** The client is gone. If there was a stream, it was reset for it. */
  onAborted(call: Http2Call): void;
  /** The answer was whole. */
  onAnswered(call: Http2Call): void;
  /** The stream has ended without a whole answer; the owner says what that means. */
  onBroken(call: Http2Call, code: number): void;
  onTimeout(call: Http2Call): void;
  /** Its stream is closed, for the service too, after the call itself was over. */
  onClosed(call: Http2Call): void;
}

// A service that sends one 1xx after the other would hold the request for ever.
const informationMax = 16;
// As for HTTP/1.1; node:http2 tells a service what we take, and takes more.
const headCharactersMax = 32 * 1024;
const trailerCharactersMax = 16 * 1024;

export class Http2Call implements UpstreamCall {
  readonly request: UpstreamRequest;
  readonly fields: string[];
  owner: CallOwner | undefined;
  /** By coarseClock. */
  deadlineMs = Infinity;
  /** How often it was handed to a connection. */
  tries = 0;
  streamId = 0;
  hasHead = false;
  readonly #sink: AnswerSink;
  #stream: ClientHttp2Stream | undefined;
  #isSent = false;
  #isOver = false;
  #isWhole = false;
  #isPaused = false;
  #isQuietDue = false;
  #informations = 0;
  #trailers: readonly string[] = [];

  constructor(request: UpstreamRequest, fields: string[], sink: AnswerSink) {
    this.request = request;
    this.fields = fields;
    this.#sink = sink;
  }

  /** @throws {Error} when the session takes no more streams. */
  begin(session: ClientHttp2Session, owner: CallOwner): void {
    const { body } = this.request;
    const stream = session.request(this.fields, { endStream: body === undefined });
    this.owner = owner;
    this.#stream = stream;
    this.streamId = stream.id ?? 0;
    this.#watchEnd(stream);
    stream.on('headers', (headers, _flags, raw) => this.#inform(headers[':status'] ?? 0, raw));
    stream.on('response', (headers, _flags, raw) => this.#takeHead(headers[':status'] ?? 0, raw));
    stream.on('trailers', (_headers, _flags, raw) => this.#takeTrailers(raw));
    stream.on('data', (chunk: Buffer) => this.#takeData(chunk));
    stream.on('end', () => this.#end());
    // What it was stands in the stream's code, or with the session.
    stream.on('error', () => {});
    stream.on('close', () => this.#break(stream, owner));
    if (body === undefined) this.#sent();
    else this.#send(stream, body);
  }

  get hasStream(): boolean {
    return this.#stream !== undefined;
  }

  abort(): void {
    if (this.#isOver) return;
    const { owner } = this;
    this.#finish();
    owner?.onAborted(this);
  }

  pause(): void {
    if (this.#isOver || this.#stream === undefined) return;
    this.#isPaused = true;
    this.deadlineMs = Infinity;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#isOver) return;
    this.#waitFor(this.owner!.timeouts.idleMs);
    this.#stream?.resume();
  }

  /** The deadline is past. */
  onDeadline(): void {
    const { owner } = this;
    this.fail(timedOut(this.hasHead ? 'idle_timeout' : 'headers_timeout'));
    owner?.onTimeout(this);
  }

  fail(failure: UpstreamFailure): void {
    if (this.#isOver) return;
    this.#finish();
    this.#sink.onFailure(failure);
  }

  /** It goes back to where it came from, to be begun on another connection. */
  release(): void {
    this.owner = undefined;
    this.#stream = undefined;
    this.deadlineMs = Infinity;
  }

  // A stream that is reset without an error ends for Node as one that was whole does; only that the end was read,
  // before the stream was closed, tells them apart.
  #watchEnd(stream: ClientHttp2Stream): void {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && !stream.closed) this.#isWhole = true;
      return push(chunk, encoding);
    };
  }

  #inform(status: number, raw: readonly string[]): void {
    if (this.#isOver) return;
    if (++this.#informations > informationMax) return this.fail(invalid('too_many_informations'));
    if (lengthOf(raw) > headCharactersMax) return this.fail(invalid('head_too_large'));
    if (this.#isSent) this.#waitFor(this.owner!.timeouts.headersMs);
    this.#sink.onInformation(status, withoutPseudo(raw));
  }

  #takeHead(status: number, raw: readonly string[]): void {
    if (this.#isOver) return;
    if (status < 200 || status > 599) return this.fail(invalid('bad_status_line'));
    if (lengthOf(raw) > headCharactersMax) return this.fail(invalid('head_too_large'));
    this.hasHead = true;
    this.#waitFor(this.owner!.timeouts.idleMs);
    this.#sink.onHead(status, withoutPseudo(raw), '');
    this.#beQuietSoon();
  }

  #takeData(chunk: Buffer): void {
    if (this.#isOver) return;
    if (!this.#isPaused) this.#waitFor(this.owner!.timeouts.idleMs);
    this.#sink.onData(chunk);
    this.#beQuietSoon();
  }

  /** A session does not tell when the frames of a read are through: by the next tick they are. */
  #beQuietSoon(): void {
    if (this.#isQuietDue) return;
    this.#isQuietDue = true;
    process.nextTick(() => {
      this.#isQuietDue = false;
      if (!this.#isOver) this.#sink.onQuiet();
    });
  }

  #end(): void {
    if (this.#isOver || !this.hasHead || !this.#isWhole) return;
    const { owner } = this;
    this.#finish();
    owner?.onAnswered(this);
    this.#sink.onEnd(this.#trailers);
  }

  #break(stream: ClientHttp2Stream, owner: CallOwner): void {
    if (this.#isOver) owner.onClosed(this);
    else if (stream === this.#stream) owner.onBroken(this, stream.rstCode ?? 0);
  }

  #takeTrailers(raw: readonly string[]): void {
    if (lengthOf(raw) > trailerCharactersMax) this.fail(invalid('trailer_too_large'));
    else this.#trailers = withoutPseudo(raw);
  }

  #send(stream: ClientHttp2Stream, body: Readable): void {
    const { headersMs } = this.owner!.timeouts;
    body.on('data', (chunk: Buffer) => {
      if (this.#isOver || stream.write(chunk)) return;
      body.pause();
      if (!this.hasHead) this.#waitFor(headersMs);
    });
    stream.on('drain', () => {
      if (this.#isOver) return;
      // As long as the service takes what the client sends, it is the client who is waited for.
      if (!this.hasHead) this.deadlineMs = Infinity;
      body.resume();
    });
    body.on('end', () => {
      if (this.#isOver) return;
      stream.end();
      this.#sent();
    });
    const onBroken = () => (this.#isSent ? undefined : this.fail(invalid('body_failed')));
    body.on('error', onBroken).on('close', onBroken);
  }

  #sent(): void {
    this.#isSent = true;
    if (!this.hasHead) this.#waitFor(this.owner!.timeouts.headersMs);
  }

  /** Nothing more is heard of it; what is left of its stream is reset. */
  #finish(): void {
    this.#isOver = true;
    this.owner = undefined;
    this.deadlineMs = Infinity;
    const stream = this.#stream;
    if (stream === undefined || (this.#isWhole && this.#isSent)) return;
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy();
    this.request.body?.destroy();
  }

  #waitFor(ms: number): void {
    this.deadlineMs = coarseClock.nowMs() + ms;
  }
}

function lengthOf(raw: readonly string[]): number {
  return raw.reduce((sum, { length }) => sum + length, 0);
}
