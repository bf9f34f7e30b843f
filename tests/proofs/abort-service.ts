// A service in the process of a proof, on a raw socket, that leaves its callers in a state of their choice and counts
// what it sees of them. The path says what it does behind the head:
// `/ok` answers, `/silent` does not, `/part` begins an answer, `/full` sends more than anyone takes unread, `/deaf` reads
// no further, `/socket` becomes a WebSocket, `/again` hangs up once on a connection that was used before, `/reset` always
// does, `/cut` in its answer.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type Seen = {
  connections: number;
  /** First bytes of TLS, which this service does not speak. */
  hellos: number;
  /** Answers of `/ok`. */
  oks: number;
  /** Heads that were not answered by `/ok`. */
  heads: number;
  /** Heads that came once more, after it had hung up on them. */
  secondHeads: number;
  bodyBytes: number;
};

export type AbortService = {
  readonly origin: string;
  readonly seen: Readonly<Seen>;
  /** Connections with a request that has no whole answer yet. */
  readonly busy: () => number;
  /** Goes on where it was deaf: who does not read sees no end either. */
  readOn(): void;
  /** A connection that is begun is not given up for one client: another may use it. So this service gives it up. */
  hangUpOnHellos(): void;
  /** Ends the connections that are kept for later requests. */
  closeIdle(): void;
  close(): void;
};

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\npart';
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const tlsHandshake = 0x16;
// One for all, so that it costs this process nothing; more than the buffers of two connections hold.
const full = Buffer.concat([Buffer.from(begun), Buffer.alloc(32 * 1024 * 1024, 'x')]);

export async function startAbortService(): Promise<AbortService> {
  const seen: Seen = { connections: 0, hellos: 0, oks: 0, heads: 0, secondHeads: 0, bodyBytes: 0 };
  const sockets = new Set<Socket>();
  const busy = new Set<Socket>();
  const greeters = new Set<Socket>();
  const hungUpOn = new Set<string>();

  function take(socket: Socket, path: string, wasUsed: boolean): void {
    const [, word] = path.split('/');
    if (word === 'ok') {
      busy.delete(socket);
      seen.oks += 1;
      socket.write(ok);
      return;
    }
    if (word === 'again' && wasUsed && !hungUpOn.has(path)) {
      hungUpOn.add(path);
      socket.destroy();
      return;
    }
    seen.heads += 1;
    if (hungUpOn.delete(path)) seen.secondHeads += 1;
    if (word === 'part') socket.write(begun);
    else if (word === 'full') socket.write(full);
    else if (word === 'deaf') socket.pause();
    else if (word === 'socket') socket.write(switched);
    else if (word === 'reset') socket.resetAndDestroy();
    else if (word === 'cut') socket.write(begun, () => socket.destroy());
  }

  const server = createServer({ noDelay: true }, (socket) => {
    let head: string | undefined = '';
    let wasUsed = false;
    seen.connections += 1;
    sockets.add(socket);
    busy.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      busy.delete(socket);
      greeters.delete(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      if (head === undefined) {
        seen.bodyBytes += chunk.length;
        return;
      }
      if (head === '' && chunk[0] === tlsHandshake) {
        seen.hellos += 1;
        greeters.add(socket);
        head = undefined;
        return;
      }
      busy.add(socket);
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      seen.bodyBytes += head.length - end - 4;
      const path = head.split(' ')[1]!;
      head = path.startsWith('/ok') ? '' : undefined;
      take(socket, path, wasUsed);
      wasUsed = true;
    });
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    busy: () => busy.size,
    readOn() {
      for (const socket of busy) socket.resume();
    },
    hangUpOnHellos() {
      for (const socket of greeters) socket.destroy();
    },
    closeIdle() {
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
