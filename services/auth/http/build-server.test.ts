import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { routes } from '../routes.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
let admin: string;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  admin = (await auth.login(auth.admin.email)).access_token;
});
after(() => auth.close());

const rows = () => {
  const { open, signedIn, admin, service, internal } = routes(auth.deps, () => ({}));
  return { open, signedIn, admin, service, internal };
};

/** Sends bytes as they are; the answer as text. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(auth.url);
  const socket = connect(Number(port), hostname);
  socket.end(text);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

test('each route stands in exactly one block', () => {
  const all = Object.values(rows()).flatMap((block) => block.map(([method, url]) => `${method} ${url}`));
  assert.equal(new Set(all).size, all.length);
  assert.equal(all.length, 27);
});

describe('who may call', () => {
  test('every signed-in route refuses whoever has no token, a bad one, or two', async () => {
    for (const [method, url] of [...rows().signedIn, ...rows().admin]) {
      const path = url.replace(':id', '01a204b1-5fcc-7000-aee0-b0b6473475c0');
      const none = await auth.call(method, path, { body: method === 'GET' ? undefined : 'not json' });
      assert.deepEqual([none.status, none.body.code], [401, 'missing_token'], `${method} ${url}`);
      assert.equal(none.headers.get('www-authenticate'), 'Bearer');
      const bad = await auth.call(method, path, { token: 'a.b.c' });
      assert.deepEqual([bad.status, bad.body.code], [401, 'invalid_token']);
      assert.equal(bad.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
      const basic = await auth.call(method, path, { headers: { authorization: 'Basic eDp5' } });
      assert.equal(basic.body.code, 'missing_token');
      const list = await auth.call(method, path, {
        headers: { authorization: `Bearer ${admin}, Bearer ${admin}` },
      });
      assert.deepEqual([list.status, list.body.code], [400, 'malformed_request']);
    }
  });

  test('every admin route refuses a user, HEAD too', async () => {
    const { access_token: token } = await auth.login((await auth.register()).email);
    for (const [method, url] of rows().admin) {
      const path = url.replace(':id', '01a204b1-5fcc-7000-aee0-b0b6473475c0');
      const answer = await auth.call(method, path, { token, headers: { 'x-user-roles': 'admin' } });
      assert.deepEqual([answer.status, answer.body.code], [403, 'insufficient_role'], url);
      if (method === 'GET') assert.equal((await auth.call('HEAD', path, { token })).status, 403);
    }
  });

  test('identity headers are not believed, a token in URL, body or cookie is not looked at', async () => {
    const headers = {
      'x-user-id': '01a204b1-5fcc-7000-aee0-b0b6473475c0',
      'x-user-roles': 'admin',
      cookie: `token=${admin}`,
    };
    assert.equal((await auth.call('GET', '/auth/me', { headers })).status, 401);
    assert.equal((await auth.call('GET', `/auth/me?access_token=${admin}`)).status, 401);
    assert.equal(
      (await auth.call('GET', '/auth/me', { headers: { authorization: `bEaReR ${admin}` } })).status,
      200,
    );
    assert.equal(
      (await auth.call('GET', '/auth/me', { headers: { authorization: `Bearer  ${admin}` } })).status,
      401,
    );
  });

  test('refusals of the gateway become the events of the requests that they name, a batch once however often it is sent', async () => {
    const { id } = await auth.register();
    const refusal = {
      reason: 'insufficient_role',
      refused_at: '2026-01-02T03:04:05.678Z',
      request_id: 'request-of-a-client',
      ip: '192.0.2.9',
      user_agent: 'curl\u2028\n',
      method: 'GET',
      route: '/orders/*',
      user_id: id,
      session_id: id,
      role: 'user',
    };
    const path = '/internal/refusals';
    const dead = {
      ...refusal,
      reason: 'invalid_token',
      fault: 'revoked',
      request_id: 'another-request',
      count: 7,
    };
    const body = { batch: uuidV7(Date.now() * 1000), refusals: [refusal, dead] };
    const { forwardProof, callProof } = auth.deps.secrets;
    const forwarded = { 'x-pi-gateway': forwardProof };
    assert.equal((await auth.call('POST', path, { body, headers: forwarded })).status, 404);
    const headers = { 'x-pi-call': callProof };
    for (const bad of [
      { ...body, x: 1 },
      { ...body, batch: 'x' },
      { ...body, refusals: [{ ...refusal, user_id: '1' }] },
    ]) {
      assert.equal((await auth.call('POST', path, { body: bad, headers })).status, 422);
    }
    for (let i = 0; i < 3; i += 1) {
      assert.equal((await auth.call('POST', path, { body, headers })).status, 204);
    }
    const query = `event=access.denied&target_id=${id}`;
    const { items } = (await auth.call('GET', `/admin/audit?${query}`, { token: admin })).body;
    const events = (items as Record<string, unknown>[]).map(({ id: _id, at: _at, ...told }) => told);
    const told = {
      event: 'access.denied',
      outcome: 'denied',
      target_id: id,
      session_id: id,
      ip: '192.0.2.9',
    };
    const data = { refused_at: refusal.refused_at, role: 'user', method: 'GET', route: '/orders/*' };
    assert.deepEqual(events, [
      {
        ...told,
        actor_id: null,
        user_agent: 'curl ',
        request_id: 'another-request',
        data: { ...data, reason: 'invalid_token', fault: 'revoked', count: 7 },
      },
      {
        ...told,
        actor_id: id,
        user_agent: 'curl ',
        request_id: 'request-of-a-client',
        data: { ...data, reason: 'insufficient_role' },
      },
    ]);
  });

  test('an id of any length is one that does not exist', async () => {
    for (const length of [255, 257, 8000]) {
      const id = 'a'.repeat(length);
      for (const [method, path] of [
        ['DELETE', `/auth/sessions/${id}`],
        ['GET', `/admin/users/${id}`],
        ['DELETE', `/admin/users/${id}/sessions`],
      ] as const) {
        const answer = await auth.call(method, path, { token: admin });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], `${method} ${length}`);
      }
    }
  });

  test('the internal route exists for our gateway only', async () => {
    const path = '/internal/revocations?since=0';
    assert.equal((await auth.call('GET', path)).body.code, 'not_found');
    assert.equal((await auth.call('GET', path, { token: admin })).status, 404);
    assert.equal((await auth.call('POST', path)).status, 404);
    const headers = { 'x-pi-call': auth.deps.secrets.callProof };
    const answer = await auth.call('GET', path, { headers });
    assert.equal(answer.status, 200);
    assert.ok(Number.isSafeInteger(answer.body.as_of) && Array.isArray(answer.body.revocations));
    const proof = { 'x-pi-call': auth.deps.secrets.forwardProof };
    assert.equal((await auth.call('GET', path, { headers: proof })).status, 404);
  });
});

describe('paths and methods', () => {
  test('an unknown path, a trailing slash and another case are a 404, whatever the body', async () => {
    for (const path of [
      '/',
      '/auth',
      '/auth/',
      '/auth/me/',
      '/AUTH/me',
      '/auth//me',
      '/admin/users/a/b',
      '/metrics',
      '/auth/login;x=1',
    ]) {
      for (const method of ['GET', 'POST']) {
        const answer = await auth.call(method, path, { headers: { 'content-type': 'text/plain' } });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], `${method} ${path}`);
      }
    }
  });

  test('a known path with another method is a 405 with Allow', async () => {
    const cases = [
      ['GET', '/auth/login', 'POST'],
      ['OPTIONS', '/auth/login', 'POST'],
      ['PUT', '/auth/sessions', 'DELETE, GET, HEAD'],
      ['POST', '/auth/me', 'GET, HEAD'],
      ['DELETE', '/admin/users/x', 'GET, HEAD, PATCH'],
      ['POST', '/health', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of cases) {
      const answer = await auth.call(method!, path!);
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, allow], `${method} ${path}`);
      assert.equal(answer.body.code, 'method_not_allowed');
    }
    assert.match(
      await raw('TRACE /auth/me HTTP/1.1\r\nhost: x\r\n\r\n'),
      /^HTTP\/1.1 405 [^]*allow: GET, HEAD/,
    );
  });

  test('HEAD answers as GET without a body', async () => {
    for (const path of ['/health', '/openapi.json', '/.well-known/jwks.json']) {
      assert.equal((await auth.call('HEAD', path)).status, 200, path);
    }
    assert.equal((await auth.call('HEAD', '/auth/me', { token: admin })).status, 200);
  });

  test('an unknown query key is a 422 on every route', async () => {
    const { open, signedIn, admin: adminOnly, internal } = rows();
    for (const block of [open, signedIn, adminOnly, internal]) {
      for (const [method, url] of block) {
        const path = `${url.replace(':id', '01a204b1-5fcc-7000-aee0-b0b6473475c0')}?x=1`;
        const headers = { 'x-pi-call': auth.deps.secrets.callProof };
        const body = method === 'GET' || method === 'DELETE' ? undefined : {};
        const answer = await auth.call(method, path, { token: admin, headers, body });
        assert.equal(answer.status, 422, `${method} ${url}`);
      }
    }
    assert.equal((await auth.call('GET', '/auth/me', { token: admin })).status, 200);
  });
});

describe('bodies', () => {
  const post = (type: string | undefined, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(`${auth.url}/auth/login`, {
      method: 'POST',
      headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
      body: new Blob([body as string]),
    });

  test('only application/json in UTF-8 without a content encoding is taken', async () => {
    const body = '{"email":"a@example.com","password":"x"}';
    for (const type of [
      'application/json',
      'APPLICATION/JSON',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'application/json; charset="utf-8"',
    ]) {
      assert.equal((await post(type, body)).status, 401, type);
    }
    const others = [
      'text/plain',
      'application/json; charset=latin1',
      'application/json; a=b',
      'application/json\t; charset=utf-8',
      'application/json,text/plain',
      'application/problem+json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'x',
      'application/json;',
      'application/json; charset=utf-8; charset=utf-8',
    ];
    for (const type of others) assert.equal((await post(type, body)).status, 415, type);
    assert.equal((await post(undefined, body)).status, 415);
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      assert.equal((await post('application/json', body, { 'content-encoding': encoding })).status, 415);
    }
    const two = `POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    assert.match(await raw(two), /^HTTP\/1.1 415 /);
  });

  test('a body over 16 KiB is a 413 before it is read, and while it is read', async () => {
    const big = await post('application/json', `{"email":"${'a'.repeat(20_000)}","password":"x"}`);
    assert.equal(big.status, 413);
    const head = 'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const declared = await raw(`${head}content-length: 10485760\r\n\r\n`);
    assert.match(declared, /^HTTP\/1.1 413 [^]*connection: close/i);
    const chunk = `${(8192).toString(16)}\r\n${' '.repeat(8192)}\r\n`;
    assert.match(await raw(`${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(3)}`), /^HTTP\/1.1 413 /);
  });

  test('what is no strict JSON is a 400', async () => {
    const deep = '['.repeat(40) + ']'.repeat(40);
    const bad = [
      '{',
      '',
      ' ',
      '{"email":1,}',
      '{"a":1,"a":1}',
      '{"a":1e400}',
      '{"a":"\\ud800"}',
      '\ufeff{}',
      deep,
      "{'a':1}",
      'NaN',
    ];
    for (const body of bad) {
      const answer = await auth.call('POST', '/auth/login', {
        body,
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual([answer.status, answer.body.code], [400, 'malformed_request'], body);
    }
    const answer = await post('application/json', Buffer.from([0x22, 0xff, 0x22]));
    assert.equal(answer.status, 400);
  });

  test('a route that takes no body refuses one', async () => {
    const call = (body: string) => auth.call('DELETE', '/auth/sessions', { token: admin, body });
    assert.equal((await call('{"x":1}')).status, 422);
    assert.equal((await call('[]')).status, 422);
    assert.equal((await call('{')).status, 400);
    assert.equal((await call('{}')).status, 204);
    const withBody = (type: string) =>
      raw(
        `GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: 2\r\n\r\n{}`,
      );
    assert.match(await withBody('text/plain'), /^HTTP\/1.1 415 /);
    assert.match(await withBody('application/json'), /^HTTP\/1.1 200 /);
  });

  test('arbitrary JSON to any route with any method never gives a 5xx', async () => {
    // A stream of events has no end to wait for.
    const all = Object.values(rows())
      .flat()
      .filter(([, url]) => url !== '/admin/audit/stream');
    const property = fc.asyncProperty(
      fc.constantFrom(...all),
      fc.oneof(
        fc.json({ maxDepth: 4 }),
        fc
          .record(
            {
              email: fc.anything(),
              password: fc.anything(),
              refresh_token: fc.anything(),
              role: fc.anything(),
              disabled: fc.anything(),
              token: fc.string(),
            },
            { requiredKeys: [] },
          )
          .map((value) => JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))),
      ),
      fc.string(),
      async ([method, url], body, id) => {
        const path = url.replace(':id', encodeURIComponent(id) || 'x');
        const answer = await auth.call(method, path, { token: admin, ...(method === 'GET' ? {} : { body }) });
        assert.ok(answer.status < 500, `${method} ${path} ${body}: ${answer.status}`);
      },
    );
    await fc.assert(property, { numRuns: 300 });
    admin = (await auth.login(auth.admin.email)).access_token;
  });
});

describe('answers', () => {
  test('every answer has its request id, nosniff and the right Cache-Control', async () => {
    const ids = new Set<string | null>();
    for (const path of ['/auth/me', '/nothing', '/auth/login', '/health', '/admin/users?x=1']) {
      const answer = await auth.call('GET', path);
      assert.equal(answer.headers.get('cache-control'), 'no-store', path);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      if (answer.status >= 400) {
        assert.equal(answer.headers.get('content-type'), 'application/problem+json');
        assert.equal(answer.body.request_id, answer.headers.get('x-request-id'));
      }
      ids.add(answer.headers.get('x-request-id'));
    }
    assert.equal(ids.size, 5);
    const me = await auth.call('GET', '/auth/me', { token: admin });
    assert.equal(me.headers.get('cache-control'), 'no-store');
  });

  test('the key set and the description are cacheable and revalidate', async () => {
    for (const path of ['/.well-known/jwks.json', '/openapi.json']) {
      const answer = await auth.call('GET', path);
      assert.match(answer.headers.get('cache-control') ?? '', /^public, max-age=\d+$/);
      const etag = answer.headers.get('etag')!;
      assert.equal((await auth.call('GET', path, { headers: { 'if-none-match': etag } })).status, 304);
      assert.equal((await auth.call('GET', path, { headers: { 'if-none-match': '"x"' } })).status, 200);
    }
    const { keys } = (await auth.call('GET', '/.well-known/jwks.json')).body as {
      keys: Record<string, string>[];
    };
    assert.deepEqual(Object.keys(keys[0]!).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test('the description names every public route with body, answers and refusals', async () => {
    const { openapi, paths } = (await auth.call('GET', '/openapi.json')).body as {
      openapi: string;
      paths: Record<string, Record<string, { responses: object; requestBody?: object; security?: object }>>;
    };
    assert.match(openapi, /^3\.1\./);
    const { open, signedIn, admin } = rows();
    for (const [method, url, { schema }] of [...open, ...signedIn, ...admin]) {
      const operation = paths[url.replace(':id', '{id}')]?.[method.toLowerCase()];
      assert.ok(operation !== undefined, url);
      assert.equal(operation.requestBody !== undefined, schema.body !== undefined, url);
      assert.ok('422' in operation.responses && '503' in operation.responses, url);
    }
    assert.equal(paths['/internal/revocations'], undefined);
    assert.ok(paths['/auth/me']?.get?.security !== undefined);
  });

  test('a refusal keeps the connection when nothing of the request is left unread', async () => {
    for (const path of ['/nothing', '/auth/me', '/auth/login', '/health?x=1']) {
      const two = `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(2);
      assert.equal((await raw(two)).match(/HTTP\/1\.1 4\d\d/g)?.length, 2, path);
    }
  });

  test("the gateway's request id and client address are taken, a client's own are not", async () => {
    const given = { 'x-request-id': 'abcdef0123456789', 'x-forwarded-for': '203.0.113.9' };
    const proven = { ...given, 'x-pi-gateway': auth.deps.secrets.forwardProof };
    assert.equal(
      (await auth.call('GET', '/health', { headers: proven })).headers.get('x-request-id'),
      'abcdef0123456789',
    );
    const plain = await auth.call('GET', '/health', { headers: given });
    assert.notEqual(plain.headers.get('x-request-id'), 'abcdef0123456789');
    const odd = { ...proven, 'x-request-id': 'a b' };
    assert.notEqual((await auth.call('GET', '/health', { headers: odd })).headers.get('x-request-id'), 'a b');
  });
});
