// The same for HTTP/2: a service in the process of a proof that leaves its streams unanswered (`/h2/silent`) or begun.

import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

export type AbortHttp2Service = {
  readonly origin: string;
  /** Streams that came. */
  readonly streams: () => number;
  /** Streams that are open. */
  readonly busy: () => number;
  closeIdle(): void;
  close(): void;
};

export async function startAbortHttp2Service(): Promise<AbortHttp2Service> {
  const sessions = new Set<ServerHttp2Session>();
  let [streams, busy] = [0, 0];
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    streams += 1;
    busy += 1;
    stream.on('error', () => {});
    stream.on('close', () => (busy -= 1));
    if (headers[':path'] === '/h2/silent') return;
    stream.respond({ ':status': 200 });
    stream.write('part');
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams: () => streams,
    busy: () => busy,
    closeIdle() {
      for (const session of sessions) session.close();
    },
    close() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}
