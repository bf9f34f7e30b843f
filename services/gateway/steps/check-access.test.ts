import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { signRefusedTokens } from '@pi-gateway/access-token/testing/refused-tokens.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { newKey, publicUrl } from '../testing/fake-auth.ts';
import { RawClient } from '../testing/raw-client.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;

const yaml = (origin: string) => `
services:
  up: { targets: ["${origin}"] }
routes:
  - { path: /default/*, service: up }
  - { path: /admin/*, service: up, access: { roles: [admin] } }
  - { path: /any/*, service: up, access: { roles: [user, admin] } }
  - { path: /optional/*, service: up, access: optional }
  - { path: /public/*, service: up, access: public }
  - { path: /form, methods: [GET, POST], service: up, access: public }
`;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(yaml(upstream.origin));
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

async function get(path: string, authorization?: string, method = 'GET'): Promise<Response> {
  const headers = authorization === undefined ? {} : { authorization };
  const answer = await fetch(`${t.gateway.url}${path}`, { headers, method });
  return answer;
}

async function assertRefused(answer: Response, status: number, code: string, challenge: string | null) {
  const problem = (await answer.json()) as { code: string };
  assert.deepEqual([answer.status, problem.code], [status, code]);
  assert.equal(answer.headers.get('www-authenticate'), challenge);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(upstream.requests.length, 0, 'the service got something');
}

describe('401', () => {
  test('a route without access is for signed-in callers only', async () => {
    await assertRefused(await get('/default/x'), 401, 'missing_token', 'Bearer');
  });

  test('another scheme is as good as none', async () => {
    await assertRefused(await get('/default/x', 'Basic YTpi'), 401, 'missing_token', 'Bearer');
  });

  test('a token that is none is invalid_token, on optional routes too', async () => {
    for (const path of ['/default/x', '/optional/x', '/admin/x']) {
      await assertRefused(
        await get(path, 'Bearer abc'),
        401,
        'invalid_token',
        'Bearer error="invalid_token"',
      );
    }
  });

  test('whatever is wrong with a token, the service gets nothing and nobody is asked about it', async () => {
    const strays = t.auth.forwarded.length;
    const tokens = await signRefusedTokens(publicUrl, t.auth.keys[0]!, t.auth.origin);
    for (const [what, token] of Object.entries(tokens)) {
      for (const path of ['/default/x', '/optional/x', '/admin/x']) {
        const answer = await get(path, `Bearer ${token}`);
        assert.equal(answer.status, 401, what);
        await assertRefused(answer, 401, 'invalid_token', 'Bearer error="invalid_token"');
      }
    }
    assert.equal(t.auth.forwarded.length, strays);
  });

  test('a token in the query, the body or a cookie is not looked at', async () => {
    const token = await t.auth.token();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const [query, init] of [
      [`?access_token=${token}`, {}],
      ['', { headers: { cookie: `access_token=${token}` } }],
      ['', { method: 'POST', headers: form, body: `access_token=${token}` }],
    ] as const) {
      const answer = await fetch(`${t.gateway.url}/default/x${query}`, init);
      await assertRefused(answer, 401, 'missing_token', 'Bearer');
    }
  });

  test('a 64 KiB token never gets to the verifier', async () => {
    const answer = await get('/default/x', `Bearer ${'a'.repeat(65_536)}`);
    assert.equal(answer.status, 431);
  });

  test('an expired token is refused although it was verified before', async () => {
    const token = await t.auth.token({ lifeSeconds: -3 });
    assert.equal((await get('/default/x', `Bearer ${token}`)).status, 200, 'within the leeway');
    upstream.requests.length = 0;
    await until('the leeway to end', () => Date.now() / 1000 > expiry(token) + 5);
    await assertRefused(
      await get('/default/x', `Bearer ${token}`),
      401,
      'invalid_token',
      'Bearer error="invalid_token"',
    );
  });

  test('a revoked session is refused on the next request, from the cache too', async () => {
    const sid = uuidV7(Date.now() * 1000);
    const token = await t.auth.token({ sid });
    assert.equal((await get('/default/x', `Bearer ${token}`)).status, 200);
    upstream.requests.length = 0;
    const until = Math.floor(Date.now() / 1000) + 600;
    await t.feed.publish([{ kind: 'session', id: sid, notBefore: Date.now() * 1000, until }]);
    await assertRefused(
      await get('/default/x', `Bearer ${token}`),
      401,
      'invalid_token',
      'Bearer error="invalid_token"',
    );
  });

  test('a revoked user keeps only the tokens issued after that', async () => {
    const sub = uuidV7(Date.now() * 1000);
    const before = await t.auth.token({ sub });
    const until = Math.floor(Date.now() / 1000) + 600;
    await t.feed.publish([{ kind: 'user', id: sub, notBefore: Date.now() * 1000 + 999, until }]);
    assert.equal((await get('/default/x', `Bearer ${before}`)).status, 401);
    await new Promise((resolve) => setTimeout(resolve, 3));
    const later = await t.auth.token({ sub });
    assert.equal((await get('/default/x', `Bearer ${later}`)).status, 200);
  });
});

function expiry(token: string): number {
  return (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number }).exp;
}

describe('400', () => {
  test('two Authorization headers or a list are refused', async () => {
    const token = await t.auth.token();
    for (const lines of [[`Bearer ${token}`, `Bearer ${token}`], [`Bearer ${token}, Bearer ${token}`]]) {
      const headers = new Headers(lines.map((line): [string, string] => ['authorization', line]));
      const answer = await fetch(`${t.gateway.url}/default/x`, { headers });
      assert.equal(answer.status, 400);
    }
    assert.equal(upstream.requests.length, 0);
  });
});

describe('403', () => {
  test('a role that is not named is refused, the named ones pass', async () => {
    const user = await t.auth.token({ role: 'user' });
    const admin = await t.auth.token({ role: 'admin' });
    await assertRefused(
      await get('/admin/x', `Bearer ${user}`),
      403,
      'insufficient_role',
      'Bearer error="insufficient_scope"',
    );
    assert.equal((await get('/admin/x', `Bearer ${admin}`)).status, 200);
    assert.equal((await get('/any/x', `Bearer ${user}`)).status, 200);
    assert.equal((await get('/any/x', `Bearer ${admin}`)).status, 200);
  });

  test('leaving out the last slash does not dodge a role', async () => {
    const user = await t.auth.token({ role: 'user' });
    assert.equal((await get('/admin', `Bearer ${user}`)).status, 403);
    assert.equal((await get('/admin/', `Bearer ${user}`)).status, 403);
  });
});

describe('404 and 405', () => {
  test('what no route stands for is a 404, with and without a token', async () => {
    await assertRefused(await get('/nothing'), 404, 'not_found', null);
    await assertRefused(await get('/default-internal'), 404, 'not_found', null);
    await assertRefused(await get('/Default/x'), 404, 'not_found', null);
  });

  test('a method the route does not have is a 405 with Allow', async () => {
    const answer = await get('/form', undefined, 'DELETE');
    assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
    await assertRefused(answer, 405, 'method_not_allowed', null);
  });

  test('HEAD is allowed where GET is', async () => {
    assert.equal((await get('/form', undefined, 'HEAD')).status, 200);
  });
});

describe('optional and public', () => {
  test('optional: an identity with a valid token, none without', async () => {
    const token = await t.auth.token();
    assert.equal((await get('/optional/x', `Bearer ${token}`)).status, 200);
    assert.equal(upstream.values('x-user-id').length, 1);
    assert.equal((await get('/optional/x')).status, 200);
    assert.deepEqual(upstream.values('x-user-id'), []);
  });

  test('public: no token is looked at', async () => {
    assert.equal((await get('/public/x', 'Bearer rubbish')).status, 200);
    assert.deepEqual(upstream.values('x-user-id'), []);
  });
});

describe('keys', () => {
  test('an unknown kid makes one fetch, and then none within the cooldown', async (context) => {
    // Without the refreshes in the background, so that each fetch is one a token has caused.
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const fresh = await startTestGateway(yaml(upstream.origin));
    try {
      const key = await newKey('second');
      const strangers = await Promise.all(Array.from({ length: 20 }, (_, i) => newKey(`strange-${i}`)));
      const ask = async (token: string) =>
        (await fetch(`${fresh.gateway.url}/default/x`, { headers: { authorization: `Bearer ${token}` } }))
          .status;
      assert.equal(fresh.auth.keyFetches, 1);
      fresh.auth.keys.push(key);
      assert.equal(await ask(await fresh.auth.token({ key })), 200);
      assert.equal(fresh.auth.keyFetches, 2);
      const tokens = await Promise.all(strangers.map((stranger) => fresh.auth.token({ key: stranger })));
      for (const status of await Promise.all(tokens.map(ask))) assert.equal(status, 401);
      assert.equal(fresh.auth.keyFetches, 2);
    } finally {
      context.mock.timers.reset();
      await fresh.close();
    }
  });

  test('a withdrawn key is refused before the next request, though the token was seen and auth still lists the key', async () => {
    const kid = uuidV7(Date.now() * 1000);
    const key = await newKey(kid);
    t.auth.keys.push(key);
    t.deps.keys.dropRevoked(); // takes the new key without the cooldown
    await until('the key', () => t.deps.keys.current.has(kid));
    const token = await t.auth.token({ key });
    assert.equal((await get('/default/x', `Bearer ${token}`)).status, 200);
    const nowMs = Date.now();
    await t.feed.publish([{ kind: 'key', id: kid, notBefore: nowMs * 1000, until: nowMs / 1000 + 600 }]);
    assert.equal((await get('/default/x', `Bearer ${token}`)).status, 401);
    const fetches = t.auth.keyFetches;
    await until('another fetch', () => t.auth.keyFetches > fetches);
    assert.equal((await get('/default/x', `Bearer ${token}`)).status, 401);
    t.auth.keys.pop();
  });

  test('claims never swap: in 10,000 interleaved requests of 200 users the service is told what each token says', async () => {
    const users = Array.from({ length: 200 }, (_, i) => ({
      sub: uuidV7(Date.now() * 1000),
      role: i % 3 === 0 ? ('admin' as const) : ('user' as const),
    }));
    const tokens = await Promise.all(
      Array.from({ length: 2000 }, async (_, i) => {
        const user = users[(i * 7919) % 200]!;
        const sid = uuidV7(Date.now() * 1000);
        return { token: await t.auth.token({ ...user, sid }), says: `${user.sub} ${user.role} ${sid}` };
      }),
    );
    upstream.respond = ({ fields }) => {
      const told = ['x-user-id', 'x-user-roles', 'x-session-id'].map((name) =>
        fields.filter((field) => field[0] === name).map((field) => field[1]),
      );
      const body = `told ${told.join(' ')}\n`;
      return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    };
    // Ten connections at once, each with a thousand of the tokens in an order of its own: a token comes about five
    // times, first verified and then from the cache, each time among others.
    const strides = [3, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    const connections = strides.map((stride, i) =>
      Array.from({ length: 1000 }, (_, k) => tokens[(k * stride + i * 200) % 2000]!),
    );
    await Promise.all(
      connections.map(async (mine) => {
        const told = await askPipelined(mine.map(({ token }) => token));
        assert.deepEqual(
          told,
          mine.map(({ says }) => says),
        );
      }),
    );
    upstream.respond = () => plainAnswer;
  });
});

/** What the service was told for each token, asked for on one connection, five requests always under way. */
async function askPipelined(tokens: readonly string[]): Promise<string[]> {
  const client = await RawClient.open(t.port);
  const told: string[] = [];
  for (let i = 0; i < tokens.length; i += 5) {
    client.received = '';
    for (const token of tokens.slice(i, i + 5)) {
      client.send('GET /any/x HTTP/1.1', 'host: h', `authorization: Bearer ${token}`);
    }
    const [answers] = await client.see(/(?:told .*\n[^]*?){5}/);
    told.push(...[...answers.matchAll(/told (.*)\n/g)].map((match) => match[1]!));
  }
  client.close();
  return told;
}

describe('503', () => {
  test('before the keys were ever loaded, only public routes are open, and readiness says so', async () => {
    const other = await startTestGateway(yaml(upstream.origin), { AUTH_URL: 'http://127.0.0.1:9' });
    try {
      const token = await t.auth.token();
      const ask = (path: string) =>
        fetch(`${other.gateway.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal((await ask('/default/x')).status, 503);
      assert.equal((await ask('/public/x')).status, 200);
      assert.equal((await ask('/readyz')).status, 503);
      assert.equal((await ask('/livez')).status, 200);
    } finally {
      await other.close();
    }
  });
});
