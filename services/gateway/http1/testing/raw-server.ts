// For tests: a server that says exactly the bytes it is told to, whenever it is told to, and keeps what it gets.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type Accepted = {
  readonly socket: Socket;
  /** All that came on it, latin1. */
  received: string;
};

export class RawServer {
  /** In the order in which they were opened. */
  readonly accepted: Accepted[] = [];
  /** Called with each piece that comes; answers by writing to the socket. */
  onPiece: (accepted: Accepted, piece: string) => void;
  /** Called for each connection as it comes. */
  onConnection: (accepted: Accepted) => void = () => {};
  readonly #server: Server;

  private constructor(server: Server, onPiece: RawServer['onPiece']) {
    this.#server = server;
    this.onPiece = onPiece;
    server.on('connection', (socket) => this.#follow(socket));
  }

  /** `at`: the path of a unix socket; else any free port. */
  static async start(
    onPiece: RawServer['onPiece'],
    at?: string,
    server = createServer(),
  ): Promise<RawServer> {
    const raw = new RawServer(server, onPiece);
    if (at === undefined) server.listen(0, '127.0.0.1');
    else server.listen(at);
    await once(server, 'listening');
    return raw;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get received(): string {
    return this.accepted.map(({ received }) => received).join('');
  }

  /** Connections that are still open here. */
  get openConnections(): number {
    return this.accepted.filter(({ socket }) => !socket.destroyed).length;
  }

  async close(): Promise<void> {
    for (const { socket } of this.accepted) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #follow(socket: Socket): void {
    const accepted: Accepted = { socket, received: '' };
    this.accepted.push(accepted);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (piece: string) => {
      accepted.received += piece;
      this.onPiece(accepted, piece);
    });
    this.onConnection(accepted);
  }
}
