// The access log: one JSON line for each request, refusals included, written in batches off the request's
// path. JSON.stringify escapes control characters, so that no client can forge a line; U+2028 and U+2029 are
// escaped as well, for readers that take them for line ends. Bounded: when the disk does not follow, lines are
// dropped and counted rather than memory filled.

import { closeSync, openSync, writeSync } from 'node:fs';

export type AccessEntry = {
  readonly time: string;
  readonly request_id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  readonly status: number;
  readonly reason: string | null;
  readonly principal: string | null;
  readonly client: string;
  readonly target: string | null;
  readonly retries: number;
  readonly duration_ms: number;
  readonly upstream_ms: number | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
};

const flushMs = 100;
const linesMax = 20_000;

export class AccessLog {
  #entries: AccessEntry[] = [];
  #dropped = 0;
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
    if (this.#entries.length >= linesMax) {
      this.#dropped += 1;
      return;
    }
    this.#entries.push(entry);
    this.#timer ??= setTimeout(() => this.flush(), flushMs).unref();
  }

  /** Writes what is held; lines that the destination does not take now are dropped and counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = this.#entries;
    this.#entries = [];
    if (this.#fd === undefined || entries.length === 0) return;
    const text = entries.map((entry) => `${encodeEntry(entry)}\n`).join('');
    try {
      writeAll(this.#fd, Buffer.from(text));
    } catch {
      this.#dropped += entries.length;
    }
  }

  close(): void {
    this.flush();
    if (this.#isFile && this.#fd !== undefined) closeSync(this.#fd);
  }
}

function encodeEntry(entry: AccessEntry): string {
  return JSON.stringify(entry).replace(/[\u007f-\u009f\u2028\u2029]/g, escape);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
