// For tests: a connection in memory to a server that answers whatever it gets with the same bytes, and ends.

import { Duplex } from 'node:stream';

export class ScriptedSocket extends Duplex {
  readonly #bytes: string;
  #isAnswered = false;

  constructor(bytes: string) {
    super();
    this.#bytes = bytes;
    this.on('error', () => {});
  }

  // What the clients ask of a real socket.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, callback: () => void): void {
    callback();
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    // No answer comes while the request is still being written.
    queueMicrotask(() => {
      this.push(Buffer.from(this.#bytes, 'latin1'));
      this.push(null);
    });
  }
}
