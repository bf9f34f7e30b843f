import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { send } from './http-client.ts';

test('a request whose kept connection was closed under it is sent once more when its caller wants that', async (t) => {
  // Each connection answers once, and ends when it is asked again.
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
      socket.once('data', () => socket.resetAndDestroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port };
  assert.equal((await send(target, { path: '/' })).status, 200);
  await assert.rejects(send(target, { path: '/', method: 'POST' }), { code: 'ECONNRESET' });
  assert.equal((await send(target, { path: '/' })).status, 200);
  let closed = 0;
  const again = { path: '/', method: 'POST', onClosed: () => void (closed += 1) };
  assert.equal((await send(target, again)).status, 200);
  assert.equal(closed, 1);
});
