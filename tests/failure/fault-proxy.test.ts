import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const answerMs = 10_000;
// Long enough that a byte which comes through at all would have come.
const quietMs = 100;
const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
const servers: Server[] = [];
/** What the last connection of the echo was told, the end of it included. */
let echoed: Promise<string>;

async function listen(at: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
    echoed = new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
    });
  });
  server.listen(at);
  await once(server, 'listening');
  servers.push(server);
  return server;
}

let port = 0;
const path = join(dir, '.s.PGSQL.5432');
before(async () => {
  ({ port } = (await listen({ port: 0, host: '127.0.0.1' })).address() as AddressInfo);
  await listen({ path });
});
after(async () => {
  for (const server of servers) server.close();
  await rm(dir, { recursive: true, force: true });
});

type Wire = { readonly proxy: FaultProxy; readonly dial: (allowHalfOpen?: boolean) => Socket };

async function open(t: TestContext, to: number | string, fault?: Fault): Promise<Wire> {
  const proxy = await startFaultProxy(to, fault);
  const dialled: Socket[] = [];
  t.after(async () => {
    for (const socket of dialled) socket.destroy();
    await proxy.stop();
  });
  const dial = (allowHalfOpen = false) => {
    const where = typeof to === 'string' ? { path: proxy.url } : { host: '127.0.0.1', port: proxy.port };
    const socket = createConnection({ ...where, allowHalfOpen });
    // Read all the time, or the end would not be seen.
    socket.on('error', () => undefined).on('data', () => undefined);
    dialled.push(socket);
    return socket;
  };
  return { proxy, dial };
}

/** What came back on the socket until it has the length of what was sent. */
async function echo(socket: Socket, text: string): Promise<string> {
  let back = '';
  const done = Promise.withResolvers<string>();
  const onData = (chunk: Buffer) => {
    back += String(chunk);
    if (back.length >= text.length) done.resolve(back);
  };
  const onClose = () => done.resolve(`${back}|closed`);
  socket.on('data', onData).once('close', onClose);
  socket.write(text);
  const timer = setTimeout(() => done.reject(new Error(`only ${JSON.stringify(back)}`)), answerMs);
  return done.promise.finally(() => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose);
  });
}

/** An error before it is no failure of the test. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** True when nothing comes back for a moment. */
async function isMute(socket: Socket, text: string): Promise<boolean> {
  let heard = 0;
  const onData = (chunk: Buffer) => (heard += chunk.length);
  socket.on('data', onData);
  socket.write(text);
  await new Promise((resolve) => setTimeout(resolve, quietMs));
  socket.off('data', onData);
  return heard === 0 && !socket.closed;
}

for (const [kind, to] of [
  ['TCP', () => port],
  ['a unix socket', () => path],
] as const) {
  describe(`over ${kind}`, () => {
    test('without a fault bytes go both ways, a megabyte too, and a half-close is carried', async (t) => {
      const { dial } = await open(t, to());
      const socket = dial();
      assert.equal(await echo(socket, 'ping'), 'ping');
      const long = 'x'.repeat(1_000_000);
      assert.equal(await echo(socket, long), long);
      const closed = closing(socket);
      socket.end('bye');
      assert.equal((await echoed).slice(-3), 'bye');
      await closed;
    });

    test('away: open connections are closed, new ones refused, and the address is the same afterwards', async (t) => {
      const { proxy, dial } = await open(t, to());
      const before = dial();
      await echo(before, 'ping');
      const closed = closing(before);
      await proxy.become('away');
      await closed;
      const [error] = (await once(dial(), 'error')) as [NodeJS.ErrnoException];
      assert.match(error.code ?? '', /^(ECONNREFUSED|ENOENT)$/);
      await proxy.become('none');
      assert.equal(await echo(dial(), 'ping'), 'ping');
      assert.equal(proxy.open(), 1);
    });

    test('silent: not a byte on open or new connections; all of it arrives when the silence ends', async (t) => {
      const { proxy, dial } = await open(t, to());
      const socket = dial();
      await echo(socket, 'ping');
      await proxy.become('silent');
      assert.ok(await isMute(socket, 'one '));
      assert.ok(await isMute(dial(), 'one '));
      const both = echo(socket, 'two');
      await proxy.become('none');
      assert.match(await both, /^one/);
    });

    test('black hole: the connections of the fault stay dead, new ones work', async (t) => {
      const { proxy, dial } = await open(t, to());
      const socket = dial();
      await echo(socket, 'ping');
      await proxy.become('black hole');
      const before = proxy.open();
      const during = dial();
      assert.ok(await isMute(during, 'lost'));
      assert.equal(proxy.open(), before + 1);
      const found = echoed;
      await proxy.become('none');
      assert.equal(await found, 'ping', 'what is behind it finds the connection dead');
      assert.ok(await isMute(socket, 'lost'));
      assert.ok(await isMute(during, 'lost'));
      assert.equal(await echo(dial(), 'ping'), 'ping');
    });

    test('half-closed: the client is told the end, the other side still hears him', async (t) => {
      const { proxy, dial } = await open(t, to());
      const socket = dial(true);
      await echo(socket, 'ping');
      const ended = once(socket, 'end');
      await proxy.become('half-closed');
      await ended;
      socket.end('still');
      assert.match(await echoed, /still$/);
    });

    test('resets: open and new connections end at once', async (t) => {
      const { proxy, dial } = await open(t, to());
      const socket = dial();
      await echo(socket, 'ping');
      const closed = closing(socket);
      await proxy.become('resets');
      await closed;
      assert.equal(await echo(dial(), 'ping'), '|closed');
    });

    test('delayed: everything arrives, in order, and not before its time', async (t) => {
      const { dial } = await open(t, to(), { delayMs: 60 });
      const startMs = performance.now();
      assert.equal(await echo(dial(), 'a longer text'), 'a longer text');
      // Both ways; timers may fire a millisecond early.
      assert.ok(performance.now() - startMs >= 118);
    });

    test('slow: no more than its bytes a second', async (t) => {
      const { dial } = await open(t, to(), { bytesPerSecond: 1000 });
      const startMs = performance.now();
      assert.equal(await echo(dial(), 'x'.repeat(300)), 'x'.repeat(300));
      assert.ok(performance.now() - startMs >= 240);
    });

    test('sliced: in pieces, whole in the end', async (t) => {
      const { dial } = await open(t, to(), { sliceBytes: 3 });
      const text = '0123456789'.repeat(10);
      assert.equal(await echo(dial(), text), text);
    });

    test('cut: an answer ends behind its bytes', async (t) => {
      const { dial } = await open(t, to(), { cutAfterBytes: 4 });
      assert.match(await echo(dial(), '0123456789'), /^(0123)?\|closed$/);
    });
  });
}

test('over TCP a reset is one: the client sees ECONNRESET', async (t) => {
  const { proxy, dial } = await open(t, port);
  const socket = dial();
  await echo(socket, 'ping');
  const failed = once(socket, 'error');
  await proxy.become('resets');
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});
