// A service as a process of its own, that a proof can kill: `PORT=… node small-service.ts`. It answers every request
// at once and gives every byte on a WebSocket back.

import { createServer } from 'node:http';
import type { Socket } from 'node:net';

const server = createServer((req, res) => {
  req.resume();
  res.setHeader('content-type', 'application/json');
  res.end('{}');
});
server.on('upgrade', (_req, socket: Socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.pipe(socket);
});
// Longer than any proof: it is the gateway that lets go of idle connections.
server.keepAliveTimeout = 600_000;
server.listen(Number(process.env['PORT']), '127.0.0.1');
