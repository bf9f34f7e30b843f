// For tests: what must hold behind any proxy that moves the bytes itself and asks `/verify` whether it may. The
// proxy really runs, with the sample configuration that the documentation shows.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import { assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { RunningProxy } from './start-proxy.ts';

export type ProxyStart = (gateway: string, service: string) => Promise<RunningProxy>;

const routes = (origin: string) => `
services:
  shop: { targets: ["${origin}"] }
routes:
  - { path: /shop/*, service: shop }
  - { path: /shop/open, methods: [POST], service: shop, access: public }
  - { path: /shop/admin/*, service: shop, access: { roles: [admin] } }
`;

export type Behind = {
  readonly t: TestGateway;
  readonly upstream: RecordingUpstream;
  readonly proxy: RunningProxy;
  readonly user: string;
};

/** Declares the tests. The result is filled before the first of them runs. */
export function describeVerify(name: string, start: ProxyStart): Behind {
  const rig = {} as { -readonly [K in keyof Behind]: Behind[K] };
  before(async () => {
    rig.upstream = await RecordingUpstream.start();
    rig.t = await startTestGateway(routes(rig.upstream.origin), { TRUSTED_PROXIES: '127.0.0.1' });
    rig.user = await rig.t.auth.token();
    rig.proxy = await start(rig.t.gateway.url, rig.upstream.origin);
  });
  after(async () => {
    await rig.proxy?.stop();
    await rig.t?.close();
    rig.upstream?.close();
  });
  beforeEach(() => {
    rig.upstream.requests.length = 0;
  });

  const ask = async (line: string, lines: readonly string[] = [], body = '') => {
    const head = [`${line} HTTP/1.1`, 'Host: shop.example', 'Connection: close', ...lines];
    if (body !== '') head.push(`Content-Length: ${body.length}`);
    const answers = readAnswers(await exchange(rig.proxy.port, `${head.join('\r\n')}\r\n\r\n${body}`));
    assert.equal(answers.length, 1);
    return answers[0]!;
  };
  const bearer = (token: string) => `Authorization: Bearer ${token}`;

  describe(`${name} asks /verify:`, () => {
    test('what is permitted reaches the service with its body and the identity of the token', async () => {
      const sub = uuidV7(Date.now() * 1000);
      const token = await rig.t.auth.token({ sub });
      const answer = await ask('POST /shop/x?y=%2F', [bearer(token)], 'hello');
      assert.deepEqual([answer.status, answer.body], [200, 'ok']);
      assert.equal(rig.upstream.requests.at(-1)?.requestLine, 'POST /shop/x?y=%2F HTTP/1.1');
      await until('the body to come', () => rig.upstream.received.endsWith('hello'));
      assert.deepEqual(rig.upstream.values('x-user-id'), [sub]);
      assert.deepEqual(rig.upstream.values('x-user-roles'), ['user']);
      assert.equal(rig.upstream.values('x-session-id').length, 1);
      assert.deepEqual(rig.upstream.values('authorization'), []);
    });

    test('an identity that a client claims is gone, in every spelling, signed in or not', async () => {
      const forged = ['X-User-Id: evil', 'x-user-id: evil', 'X_User_Id: evil', 'X-User-Roles: evil'];
      forged.push(
        'x_user_roles: evil',
        'X-Session-Id: evil',
        'x_session_id: evil',
        'X-USER_ID: evil',
        'x.user.id: evil',
        'X-Pi-Identity: evil',
        'x_pi_identity: evil',
        'X-PI_IDENTITY: evil',
        'x.pi.identity: evil',
      );
      assert.equal((await ask('POST /shop/open', forged)).status, 200);
      assert.doesNotMatch(rig.upstream.requests.at(-1)!.head, /evil|^x-(?:user|session|pi)-/im);
      assert.equal((await ask('GET /shop/x', [...forged, bearer(rig.user)])).status, 200);
      assert.doesNotMatch(rig.upstream.requests.at(-1)!.head, /evil/);
      assert.equal(rig.upstream.values('x-user-id').length, 1);
    });

    test('what is refused gets the gateway\u2019s own problem document, and the service nothing', async () => {
      const none = await ask('GET /shop/x');
      assertProblem(none, 401, 'missing_token');
      assert.equal(none.headers['www-authenticate'], 'Bearer');
      assertProblem(await ask('GET /shop/x', [bearer('rubbish')]), 401, 'invalid_token');
      assertProblem(await ask('GET /shop/admin/x', [bearer(rig.user)]), 403, 'insufficient_role');
      // Proxies that know only yes, 401 and 403 make a 403 of the 405.
      assert.ok([403, 405].includes((await ask('DELETE /shop/open')).status));
      assert.equal(rig.upstream.requests.length, 0);
    });

    test('a path in disguise opens nothing', async () => {
      const disguises = [
        '/shop/%61dmin/x',
        '/shop/x/../admin/x',
        '/shop/x/%2e%2e/admin/x',
        '/shop/x/..%2fadmin/x',
        '/shop//admin/x',
        '//shop/admin/x',
        '/shop/x;/../admin/x',
        '/shop/admin;x/y',
        '/shop/%2561dmin/x',
        '/shop\\admin/x',
        '/shop/open/../admin/x',
      ];
      for (const path of disguises) {
        const { status } = await ask(`GET ${path}`, [bearer(rig.user)]);
        assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
      }
      assert.equal(rig.upstream.requests.length, 0);
    });

    test('what a client says of the original request changes no decision', async () => {
      const lines = [
        'X-Original-URI: /shop/open',
        'X-Original-URL: /shop/open',
        'X-Forwarded-Uri: /shop/open',
      ];
      const methods = ['X-Original-Method: POST', 'X-Forwarded-Method: POST', 'X-HTTP-Method-Override: POST'];
      for (const line of lines) {
        for (const method of methods) {
          const { status } = await ask('GET /shop/admin/x', [line, method, bearer(rig.user)]);
          assert.ok([400, 403].includes(status), `${line}, ${method}: ${status}`);
          const open = await ask('GET /shop/x', [line, method]);
          assert.ok([400, 401].includes(open.status), `${line}, ${method}: ${open.status}`);
        }
      }
      assert.equal(rig.upstream.requests.length, 0);
    });

    test('a revoked token is refused from then on', async () => {
      const sid = uuidV7(Date.now() * 1000);
      const token = await rig.t.auth.token({ sid });
      assert.equal((await ask('GET /shop/x', [bearer(token)])).status, 200);
      const end = Math.floor(Date.now() / 1000) + 600;
      await rig.t.feed.publish([{ kind: 'session', id: sid, notBefore: Date.now() * 1000, until: end }]);
      const deadlineMs = Date.now() + 5000;
      let { status } = await ask('GET /shop/x', [bearer(token)]);
      while (status === 200 && Date.now() < deadlineMs) {
        ({ status } = await ask('GET /shop/x', [bearer(token)]));
      }
      assert.equal(status, 401);
    });

    test('while no gateway answers nothing passes', async () => {
      const gone = await RecordingUpstream.start();
      const { origin } = gone;
      gone.close();
      const alone = await start(origin, rig.upstream.origin);
      try {
        const bytes = `GET /shop/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${bearer(rig.user)}\r\n\r\n`;
        const [answer] = readAnswers(await exchange(alone.port, bytes));
        assert.ok([500, 502, 503].includes(answer!.status), String(answer!.status));
        assert.equal(rig.upstream.requests.length, 0);
      } finally {
        await alone.stop();
      }
    });
  });
  return rig;
}
