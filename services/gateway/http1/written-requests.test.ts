// Requests at random, written by us and read by Node's server: it reads each as the very one that was meant, and
// never a second one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Http1Client } from './http1-client.ts';
import { openClient } from './testing/open-client.ts';
import { RecordingSink } from './testing/recording-sink.ts';

type Got = { readonly req: IncomingMessage; readonly body: string };
let got: Got[] = [];
const server = createServer((req, res) => {
  let body = '';
  req.setEncoding('latin1').on('data', (piece: string) => (body += piece));
  req.on('end', () => {
    got.push({ req, body });
    res.end('ok');
  });
});
let malformed = 0;
server.on('clientError', (_, socket) => {
  malformed += 1;
  socket.destroy();
});
let client: Http1Client;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = openClient((server.address() as AddressInfo).port, { connectionsMax: 1 });
});
after(async () => {
  await client.destroy();
  server.close();
});

const characters = (from: string) => fc.nat(from.length - 1).map((at) => from[at]!);
const tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
const latin = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)).join('');

const name = fc.string({ unit: characters(tokens), minLength: 1, maxLength: 20 }).map((rest) => `x-${rest}`);
const value = fc.string({ unit: characters(`${visible}${latin} \t`), maxLength: 40 });
const path = fc
  .string({ unit: characters(visible.replace('#', '')), maxLength: 60 })
  .map((rest) => `/${rest}`);
const pieces = fc.array(fc.string({ unit: characters(`${visible}\r\n\0 `), maxLength: 50 }), {
  maxLength: 4,
});
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
  path,
  headers: fc.array(fc.tuple(name, value), { maxLength: 10 }).map((fields) => fields.flat()),
  pieces: fc.option(pieces, { nil: undefined }),
  hasLength: fc.boolean(),
});

test('what we write is read as it was meant', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, headers, pieces, hasLength }) => {
      got = [];
      const body = pieces?.join('') ?? '';
      const length = pieces !== undefined && hasLength ? ['content-length', String(body.length)] : [];
      const sink = new RecordingSink();
      client.send(
        {
          method,
          path,
          headers: [...headers, ...length],
          body: pieces && Readable.from(pieces.map((piece) => Buffer.from(piece, 'latin1'))),
          upgrade: false,
        },
        sink,
      );
      assert.equal((await sink.over()).status, 200);
      assert.equal(got.length, 1);
      const [{ req, body: read }] = got as [Got];
      assert.deepEqual([req.method, req.url, read], [method, path, body]);
      const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);
      const fields = req.rawHeaders.filter((_, i) => !own.has(req.rawHeaders[i - (i % 2)]!.toLowerCase()));
      assert.deepEqual(
        fields,
        headers.map((part) => part.replace(/^[\t ]+|[\t ]+$/g, '')),
      );
      assert.equal(req.headers.host, 'a.example');
    }),
    { numRuns: 300 },
  );
  assert.equal(malformed, 0);
});
