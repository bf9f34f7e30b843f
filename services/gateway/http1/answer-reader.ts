// One answer after the other from the bytes of a connection, in whatever pieces they come. Strict: what could be
// read in two ways is refused. It knows no socket, so that it can be tried with any bytes.

import type { AnswerSink } from '../proxy/transport.ts';
import type { AnswerFault } from './answer-fault.ts';
import { type BodyOut, ChunkDecoder } from './chunk-decoder.ts';
import { CollectedBytes } from './collected-bytes.ts';
import { findSectionEnd, malformed, unfinished } from './find-section-end.ts';
import { type Framing, readFraming } from './read-framing.ts';
import { type AnswerHead, readHead } from './read-head.ts';

export type AnswerEvents = Pick<AnswerSink, 'onInformation' | 'onHead' | 'onData'>;

const headBytesMax = 32 * 1024;
// A server that sends one 1xx after the other would hold a request for ever.
const informationMax = 16;
const beginning = 'HTTP/1.';

export const readings = {
  /** More has to come. */
  more: 0,
  ended: 1,
  /** A 101 that was asked for. */
  upgraded: 2,
  /** `fault` says why. */
  refused: 3,
} as const;
type Reading = (typeof readings)[keyof typeof readings];

const bodies = { length: 0, chunked: 1, untilClose: 2 } as const;
const nothing: readonly string[] = Object.freeze([]);

export class AnswerReader implements BodyOut {
  fault: AnswerFault = 'bad_status_line';
  /** A byte of the answer was there. */
  isBegun = false;
  hasHead = false;
  /** The last bytes read held a 1xx answer. */
  isInformed = false;
  /** Where in the bytes last read that begins which does not belong to the answer. */
  restAt = 0;
  /** After `ended`: as far as the answer tells, the connection can be used again. */
  isReusable = false;
  /** How long the server promised to keep an unused connection; -1: it said nothing. */
  keepAliveSeconds = -1;
  trailers = nothing;
  upgradeHeaders = nothing;
  #events: AnswerEvents | undefined;
  #isToHead = false;
  #isToUpgrade = false;
  #body: (typeof bodies)[keyof typeof bodies] = bodies.length;
  #left = 0;
  #informations = 0;
  #chunks: ChunkDecoder | undefined;
  readonly #collected = new CollectedBytes();

  /** The next bytes answer a request of this method. */
  begin(method: string, isUpgrade: boolean, events: AnswerEvents): void {
    this.isBegun = false;
    this.hasHead = false;
    this.keepAliveSeconds = -1;
    this.trailers = nothing;
    this.#events = events;
    this.#isToHead = method === 'HEAD';
    this.#isToUpgrade = isUpgrade;
    this.#informations = 0;
  }

  /** Nobody wants the rest: no event follows, not out of a `read` under way either. */
  stop(): void {
    this.#events = undefined;
  }

  read(bytes: Buffer, start: number, end: number): Reading {
    this.isBegun = true;
    this.isInformed = false;
    this.restAt = start;
    while (!this.hasHead) {
      const reading = this.#readHead(bytes, this.restAt, end);
      if (reading !== undefined) return reading;
    }
    return this.#readBody(bytes, this.restAt, end);
  }

  /** The connection has ended in order. True: and with it the answer. */
  finish(): boolean {
    return this.hasHead && this.#body === bodies.untilClose;
  }

  /** For the decoder of chunks: a piece of the body. */
  put(bytes: Buffer, start: number, end: number): boolean {
    // The bytes are overwritten by the next read; the sink's may wait for a slow client.
    const chunk = Buffer.allocUnsafe(end - start);
    bytes.copy(chunk, 0, start, end);
    this.#events?.onData(chunk);
    return this.#events !== undefined;
  }

  /** undefined: go on with what stands at `restAt`. */
  #readHead(bytes: Buffer, start: number, end: number): Reading | undefined {
    const collected = this.#collected;
    const known = collected.length;
    if (known > 0) collected.append(bytes, start, end);
    const source = known > 0 ? collected.bytes : bytes;
    const from = known > 0 ? 0 : start;
    const to = known > 0 ? collected.length : end;
    const headEnd = findSectionEnd(source, from, from + known, to);
    if (headEnd === malformed) return this.#refuse('bad_field');
    if ((headEnd === unfinished ? to : headEnd) - from > headBytesMax) return this.#refuse('head_too_large');
    if (headEnd === unfinished) {
      if (known === 0) collected.append(bytes, start, end);
      const begun = collected.bytes.toString('latin1', 0, Math.min(collected.length, beginning.length));
      return beginning.startsWith(begun) ? readings.more : this.#refuse('bad_status_line');
    }
    const head = readHead(source, from, headEnd);
    this.restAt = end - (to - headEnd);
    if (known > 0) collected.clear();
    return typeof head === 'string' ? this.#refuse(head) : this.#takeHead(head);
  }

  #takeHead(head: AnswerHead): Reading | undefined {
    const framing = readFraming(head);
    if (typeof framing === 'string') return this.#refuse(framing);
    if (head.status < 200) return this.#takeInformation(head, framing);
    const refusal = this.#frameBody(head, framing);
    if (refusal !== undefined) return refusal;
    this.hasHead = true;
    this.keepAliveSeconds = framing.keepAliveSeconds;
    this.#events?.onHead(head.status, head.headers, head.statusText);
    return undefined;
  }

  #takeInformation(head: AnswerHead, framing: Framing): Reading | undefined {
    // No body, and no end: either would be in front of the answer.
    if (framing.isChunked || framing.contentLength > 0 || framing.closes) return this.#refuse('bad_framing');
    if (head.status === 101) {
      if (!this.#isToUpgrade) return this.#refuse('unrequested_upgrade');
      this.upgradeHeaders = head.headers;
      return readings.upgraded;
    }
    if (++this.#informations > informationMax) return this.#refuse('too_many_informations');
    this.isInformed = true;
    this.#events?.onInformation(head.status, head.headers);
    return undefined;
  }

  /** RFC 9112 section 6.3, in its order. */
  #frameBody({ status, isHttp11 }: AnswerHead, framing: Framing): Reading | undefined {
    const { isChunked, contentLength } = framing;
    const isBodiless = this.#isToHead || status === 204 || status === 304;
    this.isReusable = !framing.closes && (isHttp11 || framing.keeps);
    this.#body = bodies.length;
    this.#left = 0;
    if (isBodiless) {
      // A server that announces a body where none may be could send it as well.
      if (!this.#isToHead && (isChunked || contentLength > 0)) this.isReusable = false;
    } else if (isChunked) {
      this.#body = bodies.chunked;
      this.#chunks = new ChunkDecoder();
    } else if (contentLength === -1) {
      // A connection that is to stay open cannot be the end of a body.
      if (this.isReusable) return this.#refuse('no_framing');
      this.#body = bodies.untilClose;
    } else this.#left = contentLength;
    return undefined;
  }

  #readBody(bytes: Buffer, start: number, end: number): Reading {
    if (this.#body === bodies.chunked) return this.#readChunks(bytes, start, end);
    const isCounted = this.#body === bodies.length;
    const to = isCounted ? Math.min(end, start + this.#left) : end;
    this.restAt = to;
    if (isCounted) this.#left -= to - start;
    if (to > start) this.put(bytes, start, to);
    return isCounted && this.#left === 0 ? readings.ended : readings.more;
  }

  #readChunks(bytes: Buffer, start: number, end: number): Reading {
    const chunks = this.#chunks!;
    const bodyEnd = chunks.read(bytes, start, end, this);
    if (bodyEnd === unfinished) return readings.more;
    if (bodyEnd === malformed) return this.#refuse(chunks.fault);
    this.restAt = bodyEnd;
    this.trailers = chunks.trailers;
    return readings.ended;
  }

  #refuse(fault: AnswerFault): Reading {
    this.fault = fault;
    return readings.refused;
  }
}
