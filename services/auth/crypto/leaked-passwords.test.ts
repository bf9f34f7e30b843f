import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

let auth: TestAuth;
let service: Server;
let answer: (req: IncomingMessage, res: ServerResponse) => void;
const asked: IncomingMessage[] = [];
const leaked = 'seven leaked ladders';
const suffixOf = (password: string) =>
  createHash('sha1').update(password).digest('hex').toUpperCase().slice(5);
const padding = `${'0'.repeat(35)}:0\r\n`;

before(async () => {
  service = createServer((req, res) => {
    asked.push(req);
    answer(req, res);
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  auth = await startTestAuth((await createTestDatabase()).url, {
    PASSWORD_HIBP_URL: `http://127.0.0.1:${port}/range/`,
  });
});
after(async () => {
  await auth.close();
  service.closeAllConnections();
  service.close();
});

let people = 0;
const register = (password: string) =>
  auth.call('POST', '/auth/register', { body: { email: `person${people++}@example.com`, password } });
const failures = async () =>
  Number(
    /pi_auth_leak_checks_total\{outcome="failed"\} (\d+)/.exec(await auth.deps.metrics.render())?.[1] ?? 0,
  );

test('a leaked password is refused with its reason, and five digits and padding are all that is asked', async () => {
  answer = (_, res) => res.end(`${padding}${suffixOf(leaked)}:17\r\n`);
  const refused = await register(leaked);
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.body.errors, [{ pointer: '/password', detail: 'is among leaked passwords' }]);
  const { url, headers } = asked.at(-1)!;
  assert.match(url!, /^\/range\/[0-9A-F]{5}$/);
  assert.equal(headers['add-padding'], 'true');
  assert.equal((await register('eight sound ladders')).status, 201);
});

test('a line of padding is no leak', async () => {
  answer = (_, res) => res.end(`${suffixOf(leaked)}:0\r\n`);
  assert.equal((await register(leaked)).status, 201);
});

test('a new password is asked about when it is changed, and none is at a login', async () => {
  answer = (_, res) => res.end(padding);
  const { email } = await auth.register();
  const before = asked.length;
  const { access_token: token } = await auth.login(email);
  assert.equal(asked.length, before);
  answer = (_, res) => res.end(`${suffixOf(leaked)}:1`);
  const body = { current_password: testPassword, new_password: leaked };
  const refused = await auth.call('POST', '/auth/password', { token, body });
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.body.errors, [{ pointer: '/new_password', detail: 'is among leaked passwords' }]);
  assert.ok(await auth.login(email));
});

test('a service that fails, is silent, redirects or never ends blocks nobody, and a metric says so', async () => {
  const faults: (typeof answer)[] = [
    (_, res) => res.writeHead(500).end(),
    (_, res) => res.writeHead(302, { location: '/elsewhere' }).end(),
    (_, res) => res.destroy(),
    () => undefined,
    (_, res) => {
      const more = () => {
        while (!res.destroyed && res.write(padding.repeat(1000)));
        if (!res.destroyed) res.once('drain', more);
      };
      more();
    },
  ];
  for (const [i, fault] of faults.entries()) {
    answer = fault;
    const startedMs = performance.now();
    assert.equal((await register(leaked)).status, 201);
    assert.ok(performance.now() - startedMs < 10_000);
    assert.equal(await failures(), i + 1);
  }
});
