// Services that break off, drip, flood and chatter, in every state of an exchange: the client gets the documented
// status or a connection that is cut, the next request is served, and no connection is left over.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { assertProblem, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';
import { plainAnswer } from '../testing/recording-upstream.ts';
import { until } from '../testing/start-test-gateway.ts';

// undici takes some of these answers: endless chunk extensions, any number of header lines.
process.env['GATEWAY_TRANSPORT'] = 'lean';
const setting = gatewayOnUpstream(
  (origin) => `
services:
  up: { targets: ["${origin}"], retries: 0, timeouts: { headers_ms: 300, idle_ms: 300 }, breaker: { failure_percent: 100 } }
routes:
  - { path: /up/*, service: up, access: public, body_limit_bytes: 100000000 }
`,
);

const timers: NodeJS.Timeout[] = [];
afterEach(() => {
  for (const timer of timers.splice(0)) clearInterval(timer);
});

/** Writes `text` byte by byte. */
function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at === text.length || socket.destroyed) clearInterval(timer);
    else socket.write(text[at++]!, 'latin1');
  }, everyMs);
  timers.push(timer);
}

/** The gateway still serves, and holds no connection but idle ones. */
async function assertUnharmed(): Promise<void> {
  setting.upstream.respond = () => plainAnswer;
  assert.equal((await setting.ask('GET /up/after')).body, 'ok');
}

const head = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';
const chunkedHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
/** What was said when it ends, and whether the client had its head by then. */
const states: readonly (readonly [state: string, said: string, isBegun: boolean])[] = [
  ['before a byte', '', false],
  ['in the status line', 'HTTP/1.1 2', false],
  ['in the fields', 'HTTP/1.1 200 OK\r\ncontent-le', false],
  ['behind a 103', 'HTTP/1.1 103 Early Hints\r\n\r\n', false],
  ['behind the head', head, true],
  ['in the body', `${head}part`, true],
  ['in a chunk size', `${chunkedHead}1`, true],
  ['in a chunk', `${chunkedHead}5\r\npar`, true],
  ['behind a chunk', `${chunkedHead}4\r\npart\r\n`, true],
  ['in front of the last line', `${chunkedHead}4\r\npart\r\n0\r\n`, true],
  ['in the trailer', `${chunkedHead}4\r\npart\r\n0\r\nx-sum: 7`, true],
];
const ends: readonly (readonly [how: string, end: (socket: Socket) => void])[] = [
  ['closes', (socket) => socket.end()],
  ['resets', (socket) => socket.resetAndDestroy()],
];

for (const [how, end] of ends) {
  describe(`a service that ${how}`, () => {
    for (const [state, said, isBegun] of states) {
      for (const [kind, ...lines] of [['GET'], ['POST', 'Content-Length: 4', '', 'body']]) {
        test(`${state} of its answer to a ${kind} ${isBegun ? 'cuts the client off' : 'is a 502'}`, async () => {
          setting.upstream.respond = ({ socket }) => {
            if (said === '') end(socket);
            else socket.write(said, 'latin1', () => end(socket));
          };
          const client = await setting.open();
          client.write([`${kind} /up/x HTTP/1.1`, 'Host: a', 'Connection: close', ...lines].join('\r\n'));
          if (kind === 'GET') client.write('\r\n\r\n');
          await client.closed();
          const final = client.received.replace(/^HTTP\/1\.1 103 [^]*?\r\n\r\n/, '');
          if (isBegun && final.startsWith('HTTP/1.1 200')) {
            assert.doesNotMatch(final, /\r\n0\r\n|HTTP\/1\.1 502/, 'a cut answer looks whole');
          } else {
            // A reset can overtake what was said before it.
            if (how !== 'resets') assert.equal(isBegun, false);
            assertProblem(readAnswers(final)[0], 502, 'upstream_invalid');
          }
          await assertUnharmed();
        });
      }
    }
  });
}

describe('a service that drips', () => {
  test('its head is a 504 after headers_ms', async () => {
    setting.upstream.respond = ({ socket }) => drip(socket, `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1000)}`, 10);
    assertProblem(await setting.ask('GET /up/x'), 504, 'upstream_timeout');
    await until('the end', () => setting.upstream.requests[0]!.socket.destroyed);
    await assertUnharmed();
  });

  test('a body that never rests for idle_ms is relayed to its end', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.write(head);
      drip(socket, '0123456789', 40);
    };
    assert.equal((await setting.ask('GET /up/x')).body, '0123456789');
  });

  test('chunk sizes, extensions and trailers is read all the same', async () => {
    const body = '2;a="b"\r\nok\r\n0\r\nx-sum: 7\r\n\r\n';
    setting.upstream.respond = ({ socket }) => {
      socket.write(chunkedHead);
      drip(socket, body, 2);
    };
    const client = await setting.send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/\r\no\r\n1\r\nk\r\n0\r\nx-sum: 7\r\n\r\n$/);
  });

  test('a 1xx now and then is refused after the sixteenth', async () => {
    setting.upstream.respond = ({ socket }) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
      timers.push(timer);
    };
    assertProblem(await setting.ask('GET /up/x'), 502, 'upstream_invalid');
    await until('the end', () => setting.upstream.requests[0]!.socket.destroyed);
    await assertUnharmed();
  });
});

describe('a service that says too much', () => {
  const refused: readonly (readonly [what: string, bytes: string])[] = [
    ['ten thousand header lines', `HTTP/1.1 200 OK\r\n${'x: a\r\n'.repeat(10_000)}\r\n`],
    ['a name of 40,000 bytes', `HTTP/1.1 200 OK\r\n${'x'.repeat(40_000)}: a\r\n\r\n`],
    ['a reason of 40,000 bytes', `HTTP/1.1 200 ${'x'.repeat(40_000)}\r\n\r\n`],
    ['a megabyte of nothing', '\0'.repeat(1_000_000)],
    ['a megabyte of line ends', '\r\n'.repeat(500_000)],
  ];
  for (const [what, bytes] of refused) {
    test(`${what} is a 502`, async () => {
      setting.upstream.respond = () => bytes;
      assertProblem(await setting.ask('GET /up/x'), 502, 'upstream_invalid');
      await until('the end', () => setting.upstream.requests[0]!.socket.destroyed);
      await assertUnharmed();
    });
  }

  const cut: readonly (readonly [what: string, bytes: string])[] = [
    ['a chunk size of a megabyte', `${chunkedHead}${'0'.repeat(1_000_000)}`],
    ['chunk extensions of a megabyte', `${chunkedHead}1;${'a'.repeat(1_000_000)}\r\na\r\n0\r\n\r\n`],
    ['a trailer of a megabyte', `${chunkedHead}0\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`],
    ['a chunk longer than its size', `${chunkedHead}1\r\nab\r\n0\r\n\r\n`],
  ];
  for (const [what, bytes] of cut) {
    test(`${what} cuts the client off`, async () => {
      setting.upstream.respond = () => bytes;
      const client = await setting.send('GET /up/x HTTP/1.1', 'Host: a');
      await client.closed();
      assert.doesNotMatch(client.received, /\r\n0\r\n/);
      await until('the end', () => setting.upstream.requests[0]!.socket.destroyed);
      await assertUnharmed();
    });
  }

  test('answers that nobody asked for, behind each of its own, reaches nobody', async () => {
    const stolen = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen';
    for (const behind of ['\r\n', '0', stolen, `${stolen}${stolen}`, 'HTTP/1.1 100 Continue\r\n\r\n']) {
      setting.upstream.respond = ({ requestLine }) => {
        const path = requestLine.split(' ')[1]!;
        return `HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}${behind}`;
      };
      for (let i = 0; i < 10; i++) assert.equal((await setting.ask(`GET /up/${i}`)).body, `/up/${i}`);
    }
  });

  test('them later, on an idle connection, reaches nobody either', async () => {
    const stolen = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen';
    for (let i = 0; i < 10; i++) {
      setting.upstream.respond = () => plainAnswer;
      await setting.ask('GET /up/x');
      const { socket } = setting.upstream.requests.at(-1)!;
      await new Promise((resolve) => socket.write(stolen, () => setImmediate(resolve)));
      assert.equal((await setting.ask('GET /up/x')).body, 'ok');
    }
  });
});

test('a service that takes none of a large body is a 504, and the client is not read on without end', async () => {
  setting.upstream.respond = ({ socket }) => void socket.pause();
  const client = await setting.open();
  client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
  const piece = Buffer.alloc(1_000_000);
  const more = (): void => {
    while (!client.socket.destroyed && client.socket.write(piece));
  };
  client.socket.on('drain', more);
  more();
  await client.closed();
  assert.match(client.received, /^HTTP\/1\.1 504 /);
  assert.ok(client.socket.bytesWritten < 30_000_000, `${client.socket.bytesWritten} bytes were taken in`);
  setting.upstream.requests[0]!.socket.resume();
  await assertUnharmed();
});

test('after all of that no connection is left but idle ones, and these end by themselves', async () => {
  await until('every end', () => setting.upstream.sockets.every(({ destroyed }) => destroyed));
});
