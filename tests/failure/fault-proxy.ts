// Stands between two parts in tests and makes the network fail on command. Over TCP it listens on a port of its own;
// of a unix socket it keeps the file name, so that PostgreSQL's clients find it by its folder alone. The address
// stays the same through every fault. Both halves of a connection are carried each for itself, half-closes too.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type Fault =
  | 'none'
  /** Nobody listens; open connections are closed. */
  | 'away'
  /** Open connections and every new one are reset (over a unix socket: closed). */
  | 'resets'
  /** Accepted, but not a byte comes through; what was sent arrives when the silence ends, as TCP has it. */
  | 'silent'
  /**
   * The same, but for good: these connections are dead without a word, also after the fault. Only what is behind the
   * proxy finds them dead once it is over, as a server does that looks after its connections.
   */
  | 'black hole'
  /** Whoever opened a connection gets its end; what he sends still goes through. */
  | 'half-closed'
  /** Everything arrives later, in order. */
  | { readonly delayMs: number }
  /** Each way of each connection carries no more than that. */
  | { readonly bytesPerSecond: number }
  /** Arrives in pieces of that size, a moment apart. */
  | { readonly sliceBytes: number }
  /** A connection is reset behind that many bytes of an answer. */
  | { readonly cutAfterBytes: number };

export type FaultProxy = {
  /** The path of its unix socket, or its origin. */
  readonly url: string;
  /** 0 for a unix socket. */
  readonly port: number;
  readonly become: (fault: Fault) => Promise<void>;
  /** Open connections. */
  readonly open: () => number;
  readonly stop: () => Promise<void>;
};

type Pair = {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly closed: AbortController;
  isLost: boolean;
  answeredBytes: number;
};

const queuedBytesMax = 1024 * 1024;
const slicePauseMs = 1;
const tickMs = 50;

function cut(socket: Socket): void {
  // Only TCP knows resets.
  if (socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

async function after(last: Promise<void>, next: () => Promise<void> | void): Promise<void> {
  await last;
  await next();
}

/** @param to a port of this machine, or the path of a unix socket. */
export async function startFaultProxy(to: number | string, start: Fault = 'none'): Promise<FaultProxy> {
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  const path = typeof to === 'string' ? join(dir, basename(to)) : undefined;
  const pairs = new Set<Pair>();
  const swallowed = new Set<Socket>();
  const now: { fault: Fault; changed: PromiseWithResolvers<void> } = {
    fault: 'away',
    changed: Promise.withResolvers(),
  };
  let port = 0;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (now.fault === 'black hole') return swallow(client);
    const where = typeof to === 'string' ? { path: to } : { host: '127.0.0.1', port: to };
    const upstream = createConnection({ ...where, allowHalfOpen: true });
    const pair: Pair = { client, upstream, closed: new AbortController(), isLost: false, answeredBytes: 0 };
    pairs.add(pair);
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      carry(pair, from, into);
    }
    applyTo(pair);
  });

  /** Nobody is behind this connection any more, or never was. */
  function swallow(client: Socket): void {
    swallowed.add(client);
    client.on('error', () => undefined);
    client.on('close', () => swallowed.delete(client));
    client.resume();
    client.on('end', () => client.destroy());
  }

  /** The fault is over, and whoever is behind it has found the connection dead. */
  function forget(pair: Pair): void {
    pairs.delete(pair);
    pair.upstream.destroy();
    swallow(pair.client);
  }

  /** What a fault does to a connection at once; the rest is done to its bytes. */
  function applyTo(pair: Pair): void {
    const { fault } = now;
    if (fault === 'resets') for (const socket of [pair.client, pair.upstream]) cut(socket);
    if (fault === 'black hole') pair.isLost = true;
    if (fault === 'half-closed') pair.client.end();
  }

  function carry(pair: Pair, from: Socket, into: Socket): void {
    let queuedBytes = 0;
    let last: Promise<void> = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      const arrivedMs = performance.now();
      queuedBytes += chunk.length;
      if (queuedBytes > queuedBytesMax) from.pause();
      last = after(last, async () => {
        await deliver(pair, chunk, into, arrivedMs);
        queuedBytes -= chunk.length;
        if (queuedBytes <= queuedBytesMax) from.resume();
      });
    });
    from.on('end', () => {
      last = after(last, async () => {
        await pass(pair);
        if (!pair.isLost) into.end();
      });
    });
    from.on('error', () => undefined);
    from.on('close', (hadError) => {
      pairs.delete(pair);
      if (pair.isLost && into === pair.client) return;
      // Both ends were carried already where there was one; a loss is passed on.
      void after(last, () => {
        pair.closed.abort();
        if (hadError || !into.writableEnded) into.destroy();
      });
    });
  }

  /** Until no silence holds the connection up. */
  async function pass(pair: Pair): Promise<void> {
    while (now.fault === 'silent' && !pair.closed.signal.aborted) await now.changed.promise;
  }

  async function wait(pair: Pair, ms: number): Promise<void> {
    await delay(ms, undefined, { signal: pair.closed.signal }).catch(() => undefined);
  }

  async function deliver(pair: Pair, chunk: Buffer, into: Socket, arrivedMs: number): Promise<void> {
    await pass(pair);
    const { fault } = now;
    if (typeof fault === 'object' && 'delayMs' in fault) {
      await wait(pair, Math.max(0, arrivedMs + fault.delayMs - performance.now()));
    }
    let rest = chunk;
    while (rest.length > 0 && !pair.isLost && into.writable) {
      const [pieceBytes, pauseMs] = pieceOf(rest.length);
      const piece = rest.subarray(0, pieceBytes);
      rest = rest.subarray(pieceBytes);
      if (into === pair.client && isBehindCut(pair, piece.length)) return;
      const isFull = !into.write(piece);
      if (isFull) await once(into, 'drain', { signal: pair.closed.signal }).catch(() => undefined);
      if (pauseMs > 0) await wait(pair, pauseMs);
    }
  }

  /** How much goes out at once, and the pause behind it. */
  function pieceOf(length: number): [bytes: number, pauseMs: number] {
    const { fault } = now;
    if (typeof fault !== 'object') return [length, 0];
    if ('sliceBytes' in fault) return [fault.sliceBytes, slicePauseMs];
    if ('bytesPerSecond' in fault) return [Math.max(1, (fault.bytesPerSecond * tickMs) / 1000), tickMs];
    return 'cutAfterBytes' in fault ? [1, 0] : [length, 0];
  }

  function isBehindCut(pair: Pair, bytes: number): boolean {
    pair.answeredBytes += bytes;
    const { fault } = now;
    if (typeof fault !== 'object' || !('cutAfterBytes' in fault)) return false;
    if (pair.answeredBytes <= fault.cutAfterBytes) return false;
    for (const socket of [pair.client, pair.upstream]) cut(socket);
    return true;
  }

  async function become(next: Fault): Promise<void> {
    const wasAway = now.fault === 'away';
    now.fault = next;
    if (next !== 'black hole') for (const pair of pairs) if (pair.isLost) forget(pair);
    now.changed.resolve();
    now.changed = Promise.withResolvers();
    if (next === 'away' && !wasAway) {
      const closed = once(server, 'close');
      server.close();
      for (const { client, upstream } of pairs) for (const socket of [client, upstream]) socket.destroy();
      for (const client of swallowed) client.destroy();
      await closed;
    }
    for (const pair of pairs) applyTo(pair);
    if (next !== 'away' && wasAway) {
      server.listen(path === undefined ? { host: '127.0.0.1', port } : { path });
      await once(server, 'listening');
      if (path === undefined) ({ port } = server.address() as AddressInfo);
    }
  }

  // A port is known, and stays ours by being asked for again, from the first moment on.
  await become('none');
  if (start !== 'none') await become(start);
  return {
    url: path ?? `http://127.0.0.1:${port}`,
    port,
    become,
    open: () => pairs.size + swallowed.size,
    async stop() {
      await become('away');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
