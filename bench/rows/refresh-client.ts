// A client that refreshes without a pause, each time with the token of the last answer. A bare socket: what it costs
// is taken from the machine that is measured.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

type Tokens = { readonly access_token: string; readonly refresh_token: string };

export class RefreshClient {
  readonly sessionId: string;
  readonly #socket: Socket;
  #token: string;

  private constructor(socket: Socket, { access_token, refresh_token }: Tokens) {
    const payload = Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString();
    const { sid } = JSON.parse(payload) as { sid: string };
    this.sessionId = sid;
    this.#socket = socket;
    this.#token = refresh_token;
  }

  /** Registers and signs in. */
  static async open(port: number, email: string, password: string): Promise<RefreshClient> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    await post(socket, '/auth/register', { email, password });
    return new RefreshClient(socket, (await post(socket, '/auth/login', { email, password })) as Tokens);
  }

  /** How many refreshes came to their end. */
  async refreshUntil(endMs: number): Promise<number> {
    let done = 0;
    while (performance.now() < endMs) {
      const tokens = (await post(this.#socket, '/auth/refresh', { refresh_token: this.#token })) as Tokens;
      this.#token = tokens.refresh_token;
      done += 1;
    }
    return done;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** @throws {Error} for any answer but a 2xx. */
function post(socket: Socket, path: string, json: object): Promise<unknown> {
  const body = JSON.stringify(json);
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', function take(chunk: Buffer) {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n') + 4;
      if (headEnd === 3) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < headEnd + length) return;
      socket.off('data', take);
      if (text.startsWith('HTTP/1.1 2')) resolve(JSON.parse(text.slice(headEnd)));
      else reject(new Error(text));
    });
  });
}
