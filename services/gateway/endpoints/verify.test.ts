import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway } from '../testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;
let user: string;
let admin: string;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(`
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /shop/*, service: up }
  - { path: /shop/open, methods: [POST], service: up, access: public }
  - { path: /shop/admin/*, service: up, access: { roles: [admin] } }
`);
  user = await t.auth.token();
  admin = await t.auth.token({ role: 'admin' });
});
after(async () => {
  assert.equal(upstream.requests.length, 0, 'a decision never reaches a service');
  await t.close();
  upstream.close();
});

function verify(headers: Record<string, string>, token?: string, path = '/verify', method = 'GET') {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${t.gateway.url}${path}`, { method, headers: { ...headers, ...authorization } });
}

const families = [
  ['nginx auth_request', 'x-original-uri', 'x-original-method'],
  ['Traefik ForwardAuth and Caddy forward_auth', 'x-forwarded-uri', 'x-forwarded-method'],
] as const;

for (const [who, uri, method] of families) {
  describe(who, () => {
    test('200 with the identity when the route permits it', async () => {
      const answer = await verify({ [uri]: '/shop/x?y=1', [method]: 'GET' }, user);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('x-user-roles'), 'user');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.ok(answer.headers.get('x-user-id') && answer.headers.get('x-session-id'));
    });

    test('200 without identity for a public route of that method alone', async () => {
      const answer = await verify({ [uri]: '/shop/open', [method]: 'POST' }, user);
      assert.deepEqual([answer.status, answer.headers.get('x-user-id')], [200, null]);
      assert.equal((await verify({ [uri]: '/shop/open', [method]: 'DELETE' }, user)).status, 403);
    });

    test('401 with a challenge without a token, 403 without the role', async () => {
      const none = await verify({ [uri]: '/shop/x' });
      assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
      assert.equal((await verify({ [uri]: '/shop/admin/x' }, user)).status, 403);
      assert.equal((await verify({ [uri]: '/shop/admin/x' }, admin)).status, 200);
    });

    test('a path in disguise is judged by its canonical form, or refused', async () => {
      assert.equal((await verify({ [uri]: '/shop/%61dmin/x' }, user)).status, 403);
      for (const path of [
        '/shop/x/../admin/x',
        '/shop/..%2fadmin',
        '/shop//admin',
        '/shop/x;/admin',
        'admin',
      ]) {
        assert.equal((await verify({ [uri]: path }, user)).status, 400, path);
      }
    });

    test('what no route stands for is not permitted', async () => {
      assert.equal((await verify({ [uri]: '/elsewhere' }, admin)).status, 403);
    });
  });
}

describe('Envoy ext_authz', () => {
  test('the original path stands behind the prefix, with its own method', async () => {
    assert.equal((await verify({}, undefined, '/verify/shop/open', 'POST')).status, 200);
    assert.equal((await verify({}, user, '/verify/shop/admin/x')).status, 403);
    assert.equal((await verify({}, undefined, '/verify/shop/x')).status, 401);
  });
});

describe('safety', () => {
  test('a forged header of the other family, beside the proxy\u2019s own, decides nothing', async () => {
    const answer = await verify({ 'x-original-uri': '/shop/admin/x', 'x-forwarded-uri': '/shop/x' }, user);
    assert.equal(answer.status, 400);
    const method = await verify(
      { 'x-original-uri': '/shop/open', 'x-original-method': 'DELETE', 'x-forwarded-method': 'POST' },
      user,
    );
    assert.equal(method.status, 400);
  });

  test('without an original request nothing is decided', async () => {
    assert.equal((await verify({}, user)).status, 400);
    assert.equal((await verify({})).status, 401);
  });

  test('only GET and HEAD', async () => {
    const answer = await verify({ 'x-original-uri': '/shop/x' }, user, '/verify', 'POST');
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD']);
  });
});
