// The access log: one JSON line for each request, refusals included. Lines are written into one buffer as they come,
// and the buffer goes out when it is full or a tenth of a second old. Bounded: when the disk does not follow, lines
// are dropped and counted rather than memory filled.

import { closeSync, openSync, writeSync } from 'node:fs';
import { type AccessEntry, encodeAccessLine } from './access-line.ts';

const flushMs = 100;
const bufferBytes = 64 * 1024;
const newline = 0x0a;
/** Of one character in UTF-8. */
const characterBytesMax = 3;

export class AccessLog {
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;
  #dropped = 0;
  /** The buffer begins with the end of a line whose beginning is written. */
  #isTorn = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #fd: number | undefined;
  readonly #isFile: boolean;

  /** `destination`: `-` for standard error, `off`, or the path of a file that is appended to. */
  constructor(destination: string) {
    this.#isFile = destination !== '-' && destination !== 'off';
    this.#fd = destination === 'off' ? undefined : this.#isFile ? openSync(destination, 'a', 0o640) : 2;
  }

  get isOff(): boolean {
    return this.#fd === undefined;
  }

  /** Lines lost because the destination did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  add(entry: AccessEntry): void {
    if (this.#fd === undefined) return;
    const line = encodeAccessLine(entry);
    const bytesMax = line.length * characterBytesMax + 1;
    if (bytesMax > bufferBytes - this.#used) this.flush();
    if (bytesMax > bufferBytes - this.#used) {
      this.#dropped += 1;
      return;
    }
    this.#used += this.#buffer.write(line, this.#used);
    this.#buffer[this.#used++] = newline;
    this.#timer ??= setTimeout(() => this.flush(), flushMs).unref();
  }

  /** Writes what is held; lines that the destination does not take now are dropped and counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const used = this.#used;
    if (this.#fd === undefined || used === 0) return;
    const buffer = this.#buffer;
    const written = writeWhileTaken(this.#fd, buffer.subarray(0, used));
    // A line that is begun has to be ended: what is missing of it is held for the next time, the rest is dropped.
    const isWhole = written === 0 ? !this.#isTorn : buffer[written - 1] === newline;
    const end = isWhole ? written : buffer.indexOf(newline, written) + 1;
    for (let at = end; at < used; at = buffer.indexOf(newline, at) + 1) this.#dropped += 1;
    this.#isTorn = !isWhole;
    this.#used = end - written;
    buffer.copyWithin(0, written, end);
  }

  close(): void {
    this.flush();
    if (this.#isFile && this.#fd !== undefined) closeSync(this.#fd);
  }
}

/** How many bytes were taken before the destination took no more. */
function writeWhileTaken(fd: number, bytes: Buffer): number {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at);
  } catch {
    // A pipe whose reader is slow (EAGAIN), a disk that is full.
  }
  return at;
}
