// The body of one request on its way to the server: with its length or in chunks, the head in one write with the
// first bytes where these are there already, and no faster than the server takes it.

import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type Writer, writeInTurn } from '../proxy/write-turn.ts';
import type { RequestHead } from './encode-request.ts';

export interface BodyEvents {
  /** The server takes nothing more for now; `resume` goes on. */
  onBodyBlocked(): void;
  onBodySent(): void;
  /** It broke off, or is not as long as it was said to be. */
  onBodyBroken(): void;
}

export class BodySender implements Writer {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #events: BodyEvents;
  readonly #isChunked: boolean;
  /** Bytes still to come of a body with a length. */
  #left: number;
  #head: string;
  #isOver = false;
  readonly #onData = (chunk: Buffer) => this.#put(chunk);
  readonly #onEnd = () => this.#end();
  readonly #onBroken = () => this.#break();

  constructor(socket: Socket, head: RequestHead, body: Readable, events: BodyEvents) {
    this.#socket = socket;
    this.#body = body;
    this.#events = events;
    this.#isChunked = head.contentLength === -1;
    this.#left = head.contentLength;
    this.#head = head.text;
    body.on('data', this.#onData).on('end', this.#onEnd);
    body.on('error', this.#onBroken).on('close', this.#onBroken);
    // By the next turn it has shown whether there are bytes to go along with the head.
    writeInTurn(this);
  }

  write(): void {
    if (this.#isOver) return;
    if (this.#body.destroyed) this.#break();
    else this.#putHead();
  }

  /** The socket takes more. */
  resume(): void {
    if (!this.#isOver) this.#body.resume();
  }

  /** Nothing more of it is sent, and nobody else can use what is left. */
  stop(): void {
    if (this.#isOver) return;
    this.#release();
    this.#body.destroy();
  }

  #putHead(): void {
    if (this.#head === '') return;
    this.#socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  #put(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const socket = this.#socket;
    if (!this.#isChunked) {
      this.#left -= chunk.length;
      // One byte more than announced would be the beginning of another request.
      if (this.#left < 0) return this.#break();
    }
    socket.cork();
    this.#putHead();
    if (this.#isChunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    let isTaken = socket.write(chunk);
    if (this.#isChunked) isTaken = socket.write('\r\n', 'latin1');
    socket.uncork();
    if (isTaken) return;
    this.#body.pause();
    this.#events.onBodyBlocked();
  }

  #end(): void {
    if (!this.#isChunked && this.#left > 0) return this.#break();
    this.#release();
    this.#putHead();
    if (this.#isChunked) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#events.onBodySent();
  }

  #break(): void {
    if (this.#isOver) return;
    this.#release();
    this.#body.destroy();
    this.#events.onBodyBroken();
  }

  /** An error of the body is still heard, so that it hits nobody. */
  #release(): void {
    this.#isOver = true;
    this.#body.off('data', this.#onData).off('end', this.#onEnd);
  }
}
