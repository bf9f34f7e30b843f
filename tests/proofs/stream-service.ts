// A service as a process of its own for streams that are long, large or both: `PORT=… node stream-service.ts`.
// `GET /down?bytes=…` sends so many, `POST /up` counts what it gets, `GET /events` stays open, and so does a WebSocket.
// `slow=1`: with a pause behind every megabyte.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pauseBytes, pauseMs } from './big-body.ts';

const piece = Buffer.alloc(64 * 1024, 'x');

function sendMany(res: ServerResponse, query: URLSearchParams): void {
  let left = Number(query.get('bytes'));
  const isChunked = query.get('framing') === 'chunked';
  res.writeHead(200, isChunked ? {} : { 'content-length': left });
  const send = (): void => {
    while (left > 0) {
      const next = left < piece.length ? piece.subarray(0, left) : piece;
      left -= next.length;
      if (!res.write(next)) {
        res.once('drain', send);
        return;
      }
    }
    res.end();
  };
  send();
}

async function count(req: IncomingMessage, res: ServerResponse, query: URLSearchParams): Promise<void> {
  const isSlow = query.get('slow') === '1';
  let [bytes, sincePause] = [0, 0];
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    sincePause += chunk.length;
    if (!isSlow || sincePause < pauseBytes) continue;
    sincePause = 0;
    await delay(pauseMs);
  }
  res.end(JSON.stringify({ bytes }));
}

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '', 'http://service.test');
  req.on('error', () => {});
  if (pathname === '/down') return sendMany(res, searchParams);
  if (pathname === '/up') return void count(req, res, searchParams).catch(() => res.destroy());
  req.resume();
  if (pathname !== '/events') return void res.end('{}');
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  return void res.write('data: open\n\n');
});
server.on('upgrade', (_req, socket: Socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.pipe(socket);
});
// Longer than any proof: it is the gateway that lets go of idle connections.
server.keepAliveTimeout = 600_000;
server.requestTimeout = 0;
server.listen(Number(process.env['PORT']), '127.0.0.1');
