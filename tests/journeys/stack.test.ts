import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { RunState } from '../../launch/data-dir-lock.ts';
import { mallocEnv, v8Flags } from '../../launch/node-memory.ts';
import { killByPidFile, statusesUntilOk } from './kill-part.ts';
import { rollRefused, rollUnderLoad, withEchoService } from './rolling-restart.ts';
import { choosePlace, startSystem } from './spawn-system.ts';
import { checkForgedAddress, checkRefusals } from './system-checks.ts';
import { call, logIn, logInStatus, walk, walker } from './walk.ts';

const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(dir, { recursive: true, force: true }));
const echo = createServer();
echo.on('upgrade', (_req, socket: Socket) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.pipe(socket);
});
echo.on('request', (_req, res) => res.end('{}'));
echo.listen(0, '127.0.0.1');
await once(echo, 'listening');
echo.unref();
const configPath = join(dir, 'gateway.yaml');
const config = withEchoService(
  await readFile(new URL('../../gateway.yaml', import.meta.url), 'utf8'),
  `http://127.0.0.1:${(echo.address() as AddressInfo).port}`,
);
await writeFile(configPath, config);
// Two walks from one address within a minute are more than the default of 30 attempts allows.
const place = await choosePlace(join(dir, 'data'), {
  RATE_LIMIT_LOGIN_PER_IP: '300/60',
  GATEWAY_WORKERS: '2',
  GATEWAY_CONFIG: configPath,
});
const base = place.entryUrl;
const gatewayMain = 'services/gateway/main.ts';
const entryPort = Number(new URL(base).port);

async function readRows(sql: string): Promise<Record<string, unknown>[]> {
  const { databaseUrl } = JSON.parse(await readFile(join(dir, 'data', 'run.json'), 'utf8')) as RunState;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function readRedisKeys(): Promise<string[]> {
  const { redisUrl } = JSON.parse(await readFile(join(dir, 'data', 'run.json'), 'utf8')) as RunState;
  const client = new Redis(redisUrl ?? '');
  try {
    return await client.keys('*');
  } finally {
    client.disconnect();
  }
}

test('the stack: the walk twice, real rows and keys, a kill of everything, and nothing is lost', async (t) => {
  let system = await startSystem('stack', place);
  t.after(() => system.killGroup().catch(() => undefined));
  const { admin } = system;
  assert.ok(admin !== undefined && admin.email === 'admin@example.com');

  await t.test('the walk passes through nginx', () => walk(base, admin));
  await t.test('a second walk finds real rows in PostgreSQL and real keys in Redis', async () => {
    const users = await readRows('SELECT email FROM users ORDER BY email');
    assert.deepEqual(
      users.map(({ email }) => email),
      ['admin@example.com', walker.email],
    );
    const keys = await readRedisKeys();
    assert.ok(keys.includes('pi:revocations') && keys.length > 1, keys.join(' '));
    await walk(base, admin, true);
  });
  await t.test(
    'its processes were started with what bounds their memory',
    { skip: !existsSync('/proc') },
    async () => {
      const mains = { auth: 'services/auth/main.ts', 'gateway-1': gatewayMain, 'gateway-2': gatewayMain };
      for (const [name, main] of Object.entries(mains)) {
        const [pid = ''] = (await readFile(join(dir, 'data', `${name}.pid`), 'utf8')).split('\n');
        const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
        const at = words.findIndex((word) => word.endsWith(main));
        assert.deepEqual(words.slice(1, at), v8Flags(main), name);
        const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
        for (const [key, value] of Object.entries(mallocEnv))
          assert.ok(variables.includes(`${key}=${value}`), name);
      }
    },
  );
  await t.test('a forged address is believed on none of the three ports', () => checkForgedAddress(place));
  await t.test('a logout is effective on every gateway worker', async () => {
    const tokens = await logIn(base, walker);
    const body = { refresh_token: tokens.refresh_token };
    assert.equal((await call('POST', `${base}/api/auth/logout`, { body })).status, 204);
    const deadline = performance.now() + 1_000;
    let refusals = 0;
    while (refusals < 20) {
      const { status } = await call('GET', `${place.gatewayUrl}/api/auth/me`, {
        token: tokens.access_token,
        headers: { connection: 'close' },
      });
      refusals = status === 401 ? refusals + 1 : 0;
      assert.ok(performance.now() < deadline || refusals > 0, 'still let in after a second');
    }
  });
  await t.test('SIGUSR2 exchanges the workers one by one, and no request through nginx fails', async () => {
    const rolled = await rollUnderLoad(system.child.pid!, join(dir, 'data'), entryPort);
    assert.equal(rolled.refused, 0, `${rolled.refused} of ${rolled.sent}`);
    assert.ok(rolled.sent > 50, `${rolled.sent} sent`);
    // Those on the other worker lived until its own turn.
    assert.ok(rolled.closedBefore > 0 && rolled.closedAfter > 0, JSON.stringify(rolled));
  });
  await t.test('a new worker that does not start ends the exchange, and the old ones go on', async () => {
    await writeFile(configPath, 'services: {}\nroutes:\n  - { pth: /x }\n');
    const rolled = await rollRefused(system.child.pid!, join(dir, 'data'), entryPort, system.output);
    assert.deepEqual([rolled.refused, rolled.dropped], [0, 0]);
    await writeFile(configPath, config);
  });
  for (const part of ['nginx', 'gateway-1', 'auth', 'redis/redis', 'postgres/postmaster']) {
    await t.test(`${part} killed: no 500, and logins soon work again`, async () => {
      await killByPidFile(join(dir, 'data', `${part}.pid`));
      const seen = await statusesUntilOk(() => logInStatus(base, walker));
      assert.deepEqual(
        seen.filter((status) => ![0, 200, 502, 503].includes(status)),
        [],
      );
    });
  }
  await t.test('killed and started again: the user logs in, and nothing old is in the way', async () => {
    await system.killGroup();
    system = await startSystem('stack', place);
    assert.equal(system.admin, undefined);
    await logIn(base, walker);
  });
  await t.test(
    'stopped and started as the embedded run on the same data, the user still logs in',
    async () => {
      assert.equal(await system.stop(), 0);
      system = await startSystem('embedded', place);
      await logIn(base, walker);
    },
  );
  assert.equal(await system.stop(), 0);
});

test('a start that cannot succeed ends with one line that says what to mend', () =>
  checkRefusals('stack', join(dir, 'refused')));
