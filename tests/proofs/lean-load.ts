// So many GETs a second over kept connections, from a process of its own that does nothing else, so that what it
// measures gets the rest of the machine: `node lean-load.ts '<json of Load>'`, the result as JSON on standard output.
// An open loop: a request is due when its time has come, whatever became of those before.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { summarize } from './percentile.ts';

export type Load = {
  readonly port: number;
  readonly paths: readonly string[];
  readonly tokens: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  /**
   * A kept connection that ended without a byte of an answer: the request is sent once more, as every client does with
   * a GET (RFC 9112 section 9.3.1). Left out, that is a failure.
   */
  readonly retriesClosed?: boolean;
  /** A request that could not be sent for so long, because all connections wait, is given up. */
  readonly patienceMs?: number;
};

export type LoadResult = {
  readonly sent: number;
  readonly perSecond: number;
  /** Answers other than 200 by their status line, and connections that ended without an answer. */
  readonly failed: Readonly<Record<string, number>>;
  readonly retried: number;
  /** Requests that were never sent. */
  readonly givenUp: number;
  readonly latency: ReturnType<typeof summarize>;
};

/** Runs the load in a process of its own. */
export async function runLeanLoad(load: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(load)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`the load ended with ${child.exitCode}`);
  return JSON.parse(out) as LoadResult;
}

const tickMs = 5;
const connectionsMax = 400;
const answerMs = 60_000;
const closedIdle = 'closed when it was used again';

class Generator {
  readonly #load: Load;
  readonly #idle: Connection[] = [];
  // A queue: what stands before `#served` is over. Taken off one by one it would move all the others each time.
  #waiting: number[] = [];
  #served = 0;
  #connections = 0;
  #sent = 0;
  #done = 0;
  #retried = 0;
  #givenUp = 0;
  readonly failed: Record<string, number> = {};
  readonly latenciesMs: number[] = [];

  constructor(load: Load) {
    this.#load = load;
  }

  async run(): Promise<LoadResult> {
    const { perSecond, seconds } = this.#load;
    const startMs = performance.now();
    const total = perSecond * seconds;
    const { promise, resolve } = Promise.withResolvers<void>();
    let due = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      for (const end = Math.min(total, ((now - startMs) / 1000) * perSecond); due < end; due += 1)
        this.#send(now);
      if (due < total || this.#done < due) return;
      clearInterval(timer);
      resolve();
    }, tickMs);
    await promise;
    const tookSeconds = (performance.now() - startMs) / 1000;
    return {
      sent: this.#sent,
      perSecond: Math.round(this.#sent / tookSeconds),
      failed: this.failed,
      retried: this.#retried,
      givenUp: this.#givenUp,
      latency: summarize(this.latenciesMs),
    };
  }

  #send(dueMs: number, isRetry = false): void {
    // Once more, over a connection that nobody can have closed meanwhile.
    const connection = isRetry ? (this.#open() ?? this.#idle.pop()) : (this.#idle.pop() ?? this.#open());
    if (connection === undefined) {
      this.#waiting.push(dueMs);
      return;
    }
    const { paths, tokens } = this.#load;
    const [path, token] = [paths[this.#sent % paths.length], tokens[this.#sent % tokens.length]];
    this.#sent += isRetry ? 0 : 1;
    connection.ask(
      `GET ${path} HTTP/1.1\r\nHost: load.test\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      (failure) => {
        if (failure === closedIdle && this.#load.retriesClosed === true && !isRetry) {
          this.#connections -= 1;
          this.#retried += 1;
          this.#send(dueMs, true);
          return;
        }
        this.#done += 1;
        this.latenciesMs.push(performance.now() - dueMs);
        if (failure !== undefined) this.failed[failure] = (this.failed[failure] ?? 0) + 1;
        if (connection.isOpen) this.#idle.push(connection);
        else this.#connections -= 1;
        const next = this.#nextWaiting();
        if (next !== undefined) this.#send(next);
      },
    );
  }

  /** The oldest that somebody still waits for. */
  #nextWaiting(): number | undefined {
    const oldestMs = performance.now() - (this.#load.patienceMs ?? Number.POSITIVE_INFINITY);
    for (;;) {
      const next = this.#waiting[this.#served];
      if (next === undefined) {
        this.#waiting = [];
        this.#served = 0;
        return undefined;
      }
      this.#served += 1;
      if (this.#served > this.#waiting.length / 2) {
        this.#waiting = this.#waiting.slice(this.#served);
        this.#served = 0;
      }
      if (next >= oldestMs) return next;
      this.#givenUp += 1;
      this.#done += 1;
    }
  }

  #open(): Connection | undefined {
    if (this.#connections >= connectionsMax) return undefined;
    this.#connections += 1;
    const connection = new Connection(this.#load.port, () => {
      const at = this.#idle.indexOf(connection);
      if (at === -1) return;
      this.#idle.splice(at, 1);
      this.#connections -= 1;
    });
    return connection;
  }
}

/** One request at a time. */
class Connection {
  isOpen = true;
  #answers = 0;
  #received = '';
  #answered: ((failure: string | undefined) => void) | undefined;
  readonly #socket: Socket;

  constructor(port: number, onIdleClosed: () => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1').setTimeout(answerMs, () => this.#socket.destroy());
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.isOpen = false;
      if (this.#answered === undefined) onIdleClosed();
      else if (this.#received === '' && this.#answers > 0) this.#settle(closedIdle);
      else this.#settle(`closed after ${JSON.stringify(this.#received.slice(0, 40))}`);
    });
    this.#socket.on('data', (text: string) => this.#take(text));
  }

  ask(head: string, answered: (failure: string | undefined) => void): void {
    this.#received = '';
    this.#answered = answered;
    this.#socket.write(head);
  }

  #take(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return;
    const status = this.#received.slice(9, 12);
    if (/\r\nconnection: *close\r\n/i.test(this.#received)) {
      this.isOpen = false;
      this.#socket.destroy();
    }
    this.#answers += 1;
    // Which hop refused, and why (RFC 9209); without it, it was not a gateway of ours.
    const said = /\r\nproxy-status: *([^\r]+)/i.exec(this.#received)?.[1];
    this.#settle(
      status === '200' ? undefined : `answered ${status}${said === undefined ? '' : ` (${said})`}`,
    );
  }

  #settle(failure: string | undefined): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(failure);
  }
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2] ?? '') as Load;
  process.stdout.write(JSON.stringify(await new Generator(load).run()), () => process.exit(0));
}
