// The access log: one JSON line for each request, refusals included, written in batches off the request's
// path. JSON.stringify escapes control characters, so that no client can forge a line; U+2028 and U+2029 are
// escaped as well, for readers that take them for line ends. Bounded: when the disk does not follow, lines are
// dropped and counted rather than memory filled.

import { closeSync, openSync, writeSync } from 'node:fs';

export type AccessEntry = {
  readonly time: string;
  readonly request_id: string;
  readonly trace_id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  readonly status: number;
  readonly reason: string | null;
  readonly principal: string | null;
  readonly client: string;
  readonly service: string | null;
  readonly target: string | null;
  /** Where the name of the target led. */
  readonly address: string | null;
  readonly retries: number;
  /** From the head of the request to the end of the answer. */
  readonly duration_ms: number;
  /** Of it: until the call of the service that was answered, earlier tries included; null: none was called. */
  readonly gateway_ms: number | null;
  /** Of it: from that call to the head of its answer; null: there was none. */
  readonly upstream_ms: number | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
};

const flushMs = 100;
const linesMax = 20_000;
const newline = 0x0a;
const nothing: Buffer = Buffer.alloc(0);

export class AccessLog {
  #entries: AccessEntry[] = [];
  #dropped = 0;
  /** The end of a line whose beginning is written. */
  #torn = nothing;
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
    if (this.#fd === undefined || entries.length + this.#torn.length === 0) return;
    const lines = entries.map((entry) => Buffer.from(`${encodeEntry(entry)}\n`));
    const bytes = Buffer.concat([this.#torn, ...lines]);
    const written = writeWhileTaken(this.#fd, bytes);
    // A line that is begun has to be ended: what is missing of it is held for the next time, the rest is dropped.
    const isWhole = written === 0 ? this.#torn.length === 0 : bytes[written - 1] === newline;
    const end = isWhole ? written : bytes.indexOf(newline, written) + 1;
    this.#torn = bytes.subarray(written, end);
    for (let at = end; at < bytes.length; at = bytes.indexOf(newline, at) + 1) this.#dropped += 1;
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
