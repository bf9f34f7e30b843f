// The least that Node needs to hold streams between two sockets: its own server, its own client and a pipe, nothing
// checked and nothing counted. `PORT=… UPSTREAM_PORT=… node bare-proxy.ts`.

import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';

const upstream = { host: '127.0.0.1', port: Number(process.env['UPSTREAM_PORT']), agent: false };

const server = createServer((req, res) => {
  const { method = 'GET', url = '/', headers } = req;
  const asked = request({ ...upstream, method, path: url, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(res);
  });
  asked.on('error', () => res.destroy());
  req.pipe(asked);
});
server.on('upgrade', (req, client: Socket) => {
  const { method = 'GET', url = '/', headers } = req;
  const asked = request({ ...upstream, method, path: url, headers });
  asked.on('error', () => client.destroy());
  asked.on('upgrade', (_answer, socket: Socket) => {
    for (const one of [client, socket]) one.on('error', () => {});
    client.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    client.pipe(socket).pipe(client);
  });
  asked.end();
});
server.keepAliveTimeout = 600_000;
server.listen(Number(process.env['PORT']), '127.0.0.1');
