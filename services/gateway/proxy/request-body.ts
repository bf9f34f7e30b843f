// The client's body as a stream for the transport: begun only when somebody reads (so that `100 Continue`
// goes out when access is granted and a connection is there), counted against the route's limit, and cut when
// the client stops sending. It stands between the two because the transport destroys the body of a call that
// ended early, and the client's request must outlive that to be answered.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { wantBody } from '@pi-gateway/http-front/want-body.ts';
import { noteStreamed } from './streamed-bytes.ts';

export type BodyFault = 'too_large' | 'too_slow' | 'client_gone';

export class RequestBody extends Readable {
  /** Why it was cut, when it was. */
  fault: BodyFault | undefined;
  #bytes = 0;
  #isAttached = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #limitBytes: number;
  readonly #idleMs: number;
  readonly #onData = (chunk: Buffer) => this.#take(chunk);
  readonly #onEnd = () => {
    clearTimeout(this.#timer);
    this.push(null);
  };
  readonly #onClose = () => {
    if (!this.#req.complete) this.#cut('client_gone');
  };

  constructor(req: IncomingMessage, res: ServerResponse, limitBytes: number, idleMs: number) {
    super();
    this.#req = req;
    this.#res = res;
    this.#limitBytes = limitBytes;
    this.#idleMs = idleMs;
    // Nobody has to listen: the transport may not have taken it yet when the client leaves.
    this.on('error', () => {});
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True once a byte was asked for: the request can't be sent a second time from here. */
  get isBegun(): boolean {
    return this.#isAttached;
  }

  override _read(): void {
    if (!this.#isAttached) {
      this.#isAttached = true;
      this.#req.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
      wantBody(this.#req, this.#res);
    }
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#cut('too_slow'), this.#idleMs);
    else this.#timer.refresh();
    this.#req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#req.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    if (!this.#req.complete) this.#req.pause();
    callback(error);
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    noteStreamed(chunk.length);
    if (this.#bytes > this.#limitBytes) return this.#cut('too_large');
    this.#timer?.refresh();
    if (this.push(chunk)) return;
    // The service is slow now, not the client.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#req.pause();
  }

  #cut(fault: BodyFault): void {
    if (this.destroyed) return;
    this.fault = fault;
    this.destroy(new Error(fault));
  }
}
