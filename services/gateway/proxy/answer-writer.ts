// The client's side of an answer: writes what the service sends as it comes, in as few packets as its rhythm
// allows, and holds the service back while the client does not take it.

import type { Exchange } from '../exchange.ts';
import { filterTrailers } from './answer-headers.ts';
import { noteStreamed } from './streamed-bytes.ts';
import type { UpstreamCall } from './transport.ts';
import { type Writer, writeInTurn } from './write-turn.ts';

const empty = Buffer.alloc(0);
/** Above it the bytes are not copied. */
const asTextBytesMax = 4096;
const plainText = /^[\t\x20-\x7e]+$/;

export type AnswerForm = {
  /** Nothing of a body is sent: HEAD, 204, 304. */
  readonly isBodiless: boolean;
  /** The message is chunked, so that a trailer may follow. */
  readonly isChunked: boolean;
};

export class AnswerWriter implements Writer {
  readonly #x: Exchange;
  readonly #source: Pick<UpstreamCall, 'pause' | 'resume'>;
  readonly #form: AnswerForm;
  readonly #stallMs: number;
  /** The last piece, held until it is known whether it was the last. */
  #held: Buffer | undefined;
  #isHeadOut = false;
  #isOver = false;
  #stall: NodeJS.Timeout | undefined;

  /** `stallMs`: a client that takes nothing for so long is cut. */
  constructor(
    x: Exchange,
    source: Pick<UpstreamCall, 'pause' | 'resume'>,
    form: AnswerForm,
    stallMs: number,
  ) {
    this.#x = x;
    this.#source = source;
    this.#form = form;
    this.#stallMs = stallMs;
  }

  /** @throws {Error} when Node does not take a field. */
  writeHead(status: number, statusText: string, fields: string[]): void {
    const { res } = this.#x;
    if (plainText.test(statusText)) res.writeHead(status, statusText, fields);
    else res.writeHead(status, fields);
    // It goes out with the first piece of the body, or by `flush` when none comes right behind it (SSE, long polls).
  }

  take(chunk: Buffer): void {
    this.#x.bytesOut += chunk.length;
    noteStreamed(chunk.length);
    if (this.#form.isBodiless) return;
    const held = this.#held;
    this.#held = chunk;
    if (held !== undefined) this.#put(held);
  }

  end(trailers: readonly string[]): void {
    const { res, req } = this.#x;
    this.stop();
    try {
      if (this.#form.isChunked && trailers.length > 0) res.addTrailers(filterTrailers(trailers));
    } catch {
      // A field that no server may send: without it the answer is not whole.
      this.#x.reason = 'invalid_trailer';
      req.socket.destroy();
      return;
    }
    // A stream that is under way ends at once, an answer that came whole goes out with the others of this moment.
    if (this.#isHeadOut) this.#endWith(this.#held);
    else writeInTurn(this);
  }

  /** The turn of an answer that came whole. */
  write(): void {
    // The client may have left meanwhile.
    if (!this.#x.res.closed) this.#endWith(this.#held);
  }

  /** Nothing more is written; also when the answer is cut. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#stall);
  }

  /** Writes what is held: one packet for all that came at once, and nothing waits for what may be long in coming. */
  flush(): void {
    if (this.#isOver || (this.#isHeadOut && this.#held === undefined)) return;
    const held = this.#held ?? empty;
    this.#held = undefined;
    // Not flushHeaders(): it would write the head as UTF-8 and change what a service sent as latin1.
    this.#put(held);
  }

  #endWith(last: Buffer | undefined): void {
    const { res } = this.#x;
    if (last === undefined) res.end();
    // Text goes out with the head in one piece; bytes would be a second one, which costs more than turning them.
    else if (!this.#isHeadOut && last.length <= asTextBytesMax) res.end(last.toString('latin1'), 'latin1');
    else res.end(last);
  }

  #put(chunk: Buffer): void {
    const { res, req } = this.#x;
    this.#isHeadOut = true;
    if (res.write(chunk) || this.#stall !== undefined) return;
    this.#source.pause();
    res.once('drain', () => this.#goOn());
    this.#stall = setTimeout(() => req.socket.destroy(), this.#stallMs);
  }

  #goOn(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (!this.#isOver) this.#source.resume();
  }
}
