// Requests broken at random: whatever arrives, each answer is whole, the server lives, and what the handler
// got are only requests that were on the wire as such, none of them behind the first malformed one.

import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import fc from 'fast-check';
import { createFrontServer } from './front-server.ts';
import { readAnswers } from './raw-exchange.ts';

let handled: string[] = [];
const server = createFrontServer(
  {
    log: createLog({ service: 'front-test', level: 'silent' }),
    requestId: () => 'front-request-id',
    headersTimeoutMs: 2000,
    requestTimeoutMs: 0,
    keepAliveTimeoutMs: 2000,
  },
  (req, res) => {
    handled.push(req.url!);
    req.resume();
    req.on('error', () => {});
    req.on('end', () => res.end(req.url));
  },
);
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends everything, closes the own side, and gives all that came until the server closed its side. */
function converse(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
      socket.end(bytes, 'latin1'),
    );
    const deadline = setTimeout(() => reject(new Error('the server did not close')), 5000);
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      received += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(deadline);
      resolve(received);
    });
  });
}

const valid = fc.constantFrom(
  (n: number) => `GET /${n} HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n`,
  (n: number) => `POST /${n} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`,
  (n: number) => `POST /${n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
  (n: number) => `PUT /${n} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx`,
  (n: number) => `GET http://a/${n} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n`,
);
const junk = fc.constantFrom(
  ...'\r \n \0 : ; , \t \r\n 0\r\n\r\n -1 +1 é \x7f \\ # % HTTP/2.0 RTSP/1.0 GET'.split(' '),
  ' ',
  '\r\n\r\n',
  'Host: b\r\n',
  '\r\nContent-Length: 1',
  '\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: gzip',
  '\r\nConnection: close',
  '\r\nUpgrade: websocket\r\nConnection: upgrade',
);
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(3),
  put: fc.oneof(fc.constant(''), junk),
});

function mutate(text: string, { at, cut, put }: { at: number; cut: number; put: string }): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + put + text.slice(from + cut);
}

test('whatever one of several requests is changed into, order, wholeness and the end at a refusal hold', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(valid, { minLength: 3, maxLength: 3 }), mutation, async (makers, change) => {
      handled = [];
      const [first, second, third] = makers.map((make, n) => make(n)) as [string, string, string];
      const answers = readAnswers(await converse(first + mutate(second, change) + third)).filter(
        ({ status }) => status >= 200,
      );
      const refusedAt = answers.findIndex(({ status }) => status !== 200);
      assert.ok(
        refusedAt === -1 || refusedAt === answers.length - 1,
        'something was answered behind a refusal',
      );
      assert.equal(answers[0]?.body, '/0');
      assert.equal(handled[0], '/0');
      // Each 200 names its request, in the order in which the handler got them.
      const answered = answers.filter(({ status }) => status === 200).map(({ body }) => body);
      assert.deepEqual(answered, handled.slice(0, answered.length));
      if (refusedAt !== -1) {
        assert.equal(answers[refusedAt]!.headers.connection, 'close');
        assert.ok(handled.length <= answers.length, 'something was handled behind a refusal');
      }
    }),
    { numRuns: 300 },
  );
  assert.equal(readAnswers(await converse('GET /alive HTTP/1.1\r\nHost: a\r\n\r\n'))[0]?.body, '/alive');
});
