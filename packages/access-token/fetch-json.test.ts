import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fetchJson } from './fetch-json.ts';

async function withServer(answer: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('the JSON is given, and what the caller says is sent', async () => {
  await withServer(
    (req, res) => res.end(JSON.stringify({ accept: req.headers.accept, x: req.headers['x-pi-call'] })),
    async (url) => {
      assert.deepEqual(await fetchJson(url, { headers: { 'x-pi-call': 'p' } }), {
        accept: 'application/json',
        x: 'p',
      });
    },
  );
});

test('another status, a redirect, and what is no JSON are errors', async () => {
  let followed = 0;
  for (const [status, message] of [
    [404, /answered 404/],
    [503, /answered 503/],
    [204, /answered 204/],
    [302, /answered 302/],
    [200, /JSON/],
  ] as const) {
    await withServer(
      (req, res) => {
        if (req.url === '/elsewhere') followed += 1;
        res.writeHead(status, { location: '/elsewhere' }).end(status === 204 ? undefined : '<html>');
      },
      async (url) => assert.rejects(fetchJson(url), message),
    );
  }
  assert.equal(followed, 0);
});

test('an answer without end is cut off at its bound', async () => {
  let sent = 0;
  await withServer(
    (_req, res) => {
      const more = () => {
        while (!res.destroyed && res.write('[1],'.repeat(4096))) sent += 16_384;
      };
      res.on('drain', more);
      more();
    },
    async (url) => assert.rejects(fetchJson(url), /more than 262144 bytes/),
  );
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
});
