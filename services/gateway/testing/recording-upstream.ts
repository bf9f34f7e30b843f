// For tests: a service on a raw socket that keeps the very bytes it gets and answers with the very bytes it is
// told to. A real server would mend or refuse what the tests are about.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type RawRequest = {
  /** The head without its last empty line, latin1. */
  readonly head: string;
  readonly requestLine: string;
  /** Header lines in order: lower-case name and value. */
  readonly fields: readonly (readonly [string, string])[];
  readonly socket: Socket;
  /** Which connection, counted from 1. */
  readonly connection: number;
};

export type Respond = (request: RawRequest) => string | undefined | void;

export const plainAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

export class RecordingUpstream {
  readonly requests: RawRequest[] = [];
  /** All bytes that came, over all connections. */
  received = '';
  readonly sockets: Socket[] = [];
  /** What is written for each head that came; undefined: nothing (the test writes itself). */
  respond: Respond = () => plainAnswer;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(respond?: Respond, port = 0): Promise<RecordingUpstream> {
    const server = createServer({ noDelay: true });
    const upstream = new RecordingUpstream(server);
    if (respond !== undefined) upstream.respond = respond;
    server.on('connection', (socket) => upstream.#follow(socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The values of one field of the last request. */
  values(name: string): string[] {
    const fields = this.requests.at(-1)?.fields ?? [];
    return fields.filter((field) => field[0] === name).map((field) => field[1]);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  #follow(socket: Socket): void {
    this.sockets.push(socket);
    const connection = this.sockets.length;
    let rest = '';
    // Of a body that comes after its head: not the beginning of the next request.
    let bodyBytesLeft = 0;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (data: string) => {
      this.received += data;
      rest += data.slice(bodyBytesLeft);
      bodyBytesLeft = Math.max(0, bodyBytesLeft - data.length);
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1 || !/^[A-Z]+ /.test(rest)) return;
      const head = rest.slice(0, end);
      const declared = Number(/^content-length:\s*(\d+)\s*$/im.exec(head)?.[1] ?? 0);
      bodyBytesLeft = Math.max(0, declared - (rest.length - end - 4));
      rest = '';
      const [requestLine = '', ...lines] = head.split('\r\n');
      const fields = lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      });
      const request: RawRequest = { head, requestLine, fields, socket, connection };
      this.requests.push(request);
      const answer = this.respond(request);
      if (typeof answer === 'string') socket.write(answer, 'latin1');
    });
  }
}
