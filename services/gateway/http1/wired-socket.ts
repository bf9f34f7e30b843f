// A socket with one listener for all that happens to it, and the cheapest way to its bytes that Node has: into one
// buffer for all sockets, past the stream.

import type { OnReadOpts, Socket } from 'node:net';
import type { Connector } from '../upstreams/connector.ts';

export interface SocketEvents {
  onConnect(): void;
  onConnectFailed(error: NodeJS.ErrnoException): void;
  /** `bytes[0, length)` came; they are overwritten by what comes next. */
  onBytes(bytes: Buffer, length: number): void;
  onDrain(): void;
  /** The other side sends nothing more. */
  onEnd(): void;
  onError(error: NodeJS.ErrnoException): void;
  onClose(): void;
}

// Read into and worked off before any other socket is read. With a buffer for each read an answer of 100 bytes
// costs an allocation of 64 KiB.
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

type Listener = readonly [name: string, listener: (argument: unknown) => void];

export class WiredSocket {
  readonly #listeners: readonly Listener[];
  #socket: Socket | undefined = undefined;
  #isDestroyed = false;
  readonly #closed = Promise.withResolvers<void>();

  /** Begins to connect. `isStream`: the bytes come as a stream, so that the socket can be given away. */
  constructor(connector: Connector, isStream: boolean, events: SocketEvents) {
    const takeBytes = (bytes: unknown) => events.onBytes(bytes as Buffer, (bytes as Buffer).length);
    this.#listeners = [
      ['drain', () => events.onDrain()],
      ['end', () => events.onEnd()],
      ['error', (error) => events.onError(error as NodeJS.ErrnoException)],
      ['close', () => events.onClose()],
      ...(isStream ? [['data', takeBytes] as const] : []),
    ];
    const onread: OnReadOpts = {
      buffer: readBuffer,
      callback(length) {
        events.onBytes(readBuffer, length);
        return true;
      },
    };
    connector.connect(
      'http/1.1',
      (error, socket) => {
        if (socket === null) {
          this.#closed.resolve();
          events.onConnectFailed(error);
        } else this.#take(socket, events);
      },
      isStream ? undefined : onread,
    );
  }

  /** Only once it is connected. */
  get socket(): Socket {
    return this.#socket!;
  }

  /** Resolves once the descriptor is given back. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#socket?.destroy();
  }

  /** Gives the socket away, paused; `rest` was read too early and comes out of it first. */
  handOver(rest: Buffer): Socket {
    const { socket } = this;
    for (const [name, listener] of this.#listeners) socket.off(name, listener);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }

  #take(socket: Socket, events: SocketEvents): void {
    this.#socket = socket;
    for (const [name, listener] of this.#listeners) socket.on(name, listener);
    socket.once('close', () => this.#closed.resolve());
    if (this.#isDestroyed) socket.destroy();
    else events.onConnect();
  }
}
