// For tests: a service in HTTP/2 behind the gateway. It may go and come back; health checks are asked for at /health
// and counted apart.

import { once } from 'node:events';
import type { Http2SecureServer, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

export type Handle = (stream: ServerHttp2Stream, raw: readonly string[]) => void;

export function answerStatus(status: number): Handle {
  return (stream) => stream.respond({ ':status': status }, { endStream: true });
}

export class Http2Service {
  requests = 0;
  checks = 0;
  handle: Handle;
  handleCheck: Handle = answerStatus(200);
  /** None before it has come. */
  port = 0;
  readonly #create: () => Http2Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2Server | Http2SecureServer | undefined;

  constructor(create: () => Http2Server | Http2SecureServer, handle = answerStatus(200)) {
    this.#create = create;
    this.handle = handle;
  }

  /** On the port that it had before. */
  async come(): Promise<void> {
    const server = this.#create();
    server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on('error', () => {}).on('close', () => this.#sessions.delete(session));
    });
    server.on('stream', (stream: ServerHttp2Stream, headers: object, _flags: number, raw: string[]) => {
      stream.on('error', () => {});
      if ((headers as Record<string, unknown>)[':path'] === '/health') {
        this.checks += 1;
        this.handleCheck(stream, raw);
        return;
      }
      this.requests += 1;
      this.handle(stream, raw);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async go(): Promise<void> {
    const closed = once(this.#server!, 'close');
    this.#server!.close();
    for (const session of this.#sessions) session.destroy();
    await closed;
  }
}
