// The property behind the whole gateway: the path that is matched and authorised is, byte for byte, the path that the
// service receives; and where a route rewrites, what it receives is made of that path and of nothing else. Shown
// for generated and for hand-made hostile targets, on the gateway's own port and through nginx.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import fc from 'fast-check';
import { proveAuthorisedPath } from '../proofs/authorised-path.ts';
import { guardedRoutes, readLeniently, type Sent, sent, targets } from './hostile-targets.ts';
import { type Edge, startEdge } from './start-edge.ts';

let edge: Edge;
before(async () => {
  edge = await startEdge((origin) => guardedRoutes(origin));
  edge.upstream.respond = () => 'HTTP/1.1 200 OK\r\nx-from: service\r\ncontent-length: 2\r\n\r\nok';
});
after(() => edge.close());

type Outcome = { readonly status: number; readonly id: string; readonly received: string | undefined };

async function ask(port: number, { text, host }: Sent): Promise<Outcome> {
  edge.upstream.requests.length = 0;
  const received = await exchange(port, `GET ${text} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [answer, more] = readAnswers(received);
  assert.ok(answer !== undefined && more === undefined, `${text}: ${received}`);
  const { requests } = edge.upstream;
  assert.ok(requests.length <= 1, `${text} became ${requests.length} requests`);
  assert.equal(
    requests.length === 1,
    answer.headers['x-from'] === 'service',
    `${text} was refused and forwarded`,
  );
  return {
    status: answer.status,
    id: answer.headers['x-request-id'] ?? '',
    received: requests[0]?.requestLine.split(' ')[1],
  };
}

/** The log's lines of these requests, by id: what was matched and decided about. */
async function readLog(ids: readonly string[]): Promise<Map<string, { path: string; route: string }>> {
  const { accessLogPath } = edge.t;
  await until('the lines', () => {
    const text = readFileSync(accessLogPath, 'utf8');
    return ids.every((id) => text.includes(id));
  });
  const lines = readFileSync(accessLogPath, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const entry = JSON.parse(line) as { request_id: string; path: string; route: string };
      return [entry.request_id, entry];
    }),
  );
}

test('for all targets: refused, or matched, authorised and forwarded as the very same bytes, by both doors', async () => {
  const forwarded = new Map<string, { sent: Sent; received: string }>();
  await fc.assert(
    fc.asyncProperty(sent, async (one) => {
      const [direct, entry] = [await ask(edge.doors[0]!.port, one), await ask(edge.doors[1]!.port, one)];
      for (const { status, id, received } of [direct, entry]) {
        if (received === undefined) assert.ok([400, 401, 404].includes(status), `${status} for ${one.text}`);
        else forwarded.set(id, { sent: one, received });
      }
      // nginx refuses some of it itself; what it lets through it does not touch.
      if (entry.status === 400) assert.notEqual(direct.status, 401, one.text);
      else assert.deepEqual([entry.status, entry.received], [direct.status, direct.received], one.text);
    }),
    { numRuns: 1500 },
  );
  const log = await readLog([...forwarded.keys()]);
  const routes = new Set<string>();
  for (const [id, { sent: one, received }] of forwarded) {
    const { path, route } = log.get(id)!;
    const [, query = ''] = /^[^?]*(.*)$/s.exec(one.text)!;
    assert.equal(received, targets[route]!(path) + query, `${one.text} by ${route}`);
    // It means what was sent, and nobody here has a token: no server may read it as this place.
    assert.equal(decodeURIComponent(path), decodeURIComponent(one.text.split('?')[0]!));
    assert.ok(!path.includes(';'), one.text);
    const places = route.startsWith('/pass') ? path.replaceAll('%2F', '_') : path;
    assert.doesNotMatch(readLeniently(places), /^\/api\/admin(?:\/|$)/, one.text);
    assert.ok(!readLeniently(received.split('?')[0]!).split('/').includes('..'), received);
    routes.add(route);
  }
  assert.deepEqual([...routes].toSorted(), Object.keys(targets).toSorted());
  assert.ok(forwarded.size > 200, `only ${forwarded.size} were forwarded`);
});

test('for every caller: what a service receives is judged again by the very route that let it through', async () => {
  // The short form of tests/proofs/authorised-path.ts, with other targets at each run.
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const figures = await proveAuthorisedPath({ generated: 400, everyDisguise: 101, seed });
  assert.deepEqual(figures.firstDifferences, [], `seed ${seed}`);
  assert.ok(figures.forwarded > 50, `seed ${seed}: only ${figures.forwarded} were forwarded`);
});

describe('hand-made, by both doors:', () => {
  const refused: Readonly<Record<string, readonly string[]>> = {
    'dot segments': [
      '/x/../api/admin',
      '/./api/admin',
      '/api/./admin',
      '/..',
      '/x/..',
      '/x/.',
      '/strip/../api/admin',
    ],
    'escaped dot segments': [
      '/%2e%2e/api/admin',
      '/x/%2E%2E/api/admin',
      '/x/.%2e/api/admin',
      '/pass/..%2fapi/admin',
    ],
    'path parameters': [
      '/x/..;/api/admin',
      '/api/admin;x=1',
      '/api;x/admin',
      '/;/api/admin',
      '/x/%2e%2e;/api/admin',
    ],
    'doubled slashes': ['//api/admin', '/api//admin', '/api/admin//', '///api/admin'],
    backslashes: ['/api\\admin', '/x\\..\\api\\admin', '/api%5cadmin', '/x/..%5capi/admin'],
    'control characters': ['/api/admin%00', '/api%0a/admin', '/x%0d%0aX: y', '/x%7f', '/x%c2%80'],
    'double escapes': ['/%252e%252e/api/admin', '/api%252fadmin', '/%25%32%65/x'],
    'broken escapes and UTF-8': ['/%zz', '/%', '/%c0%ae%c0%ae/api/admin', '/%ff', '/%u002e%u002e/api'],
    'encoded slashes where no route passes them': ['/api%2fadmin', '/x/a%2Fb', '/strip/a%2fb', '/re/a/b%2fc'],
    fragments: ['/api/admin#x', '/x#', '/x?y#z'],
    'targets that are no path': ['*', 'api/admin', '\\api', '?x', '.'],
    'another authority': ['http://evil.test/x', 'https://b.test@evil.test/x', 'ftp://b.test/x', 'b.test:80'],
  };
  for (const [name, texts] of Object.entries(refused)) {
    test(`${name} are a 400, and the service gets nothing`, async () => {
      for (const { port, name: door } of edge.doors) {
        for (const text of texts) {
          const { status, received } = await ask(port, { text, host: 'b.test' });
          assert.deepEqual([status, received], [400, undefined], `${text} ${door}`);
        }
      }
    });
  }

  test('every spelling of a guarded place is a 401', async () => {
    for (const { port } of edge.doors) {
      for (const text of [
        '/api/admin',
        '/api/admin/',
        '/api/%61dmin/x',
        '/ap%69/admin?x',
        'http://b.test/api/admin',
      ]) {
        for (const host of text.startsWith('http') ? ['b.test'] : ['b.test', 'a.test', 'A.TEST.']) {
          assert.deepEqual((await ask(port, { text, host })).status, 401, `${text} ${host}`);
        }
      }
    }
  });

  test('what only looks alike is itself, byte for byte', async () => {
    const rows: readonly (readonly [text: string, received: string])[] = [
      ['/api-internal', '/api-internal'],
      ['/API/admin', '/API/admin'],
      ['/api/administrator', '/api/administrator'],
      ['/api/...', '/api/...'],
      ['/api/%41dmin', '/api/Admin'],
      ['/x/', '/x/'],
      ['/?/../api/admin', '/?/../api/admin'],
      ['/x?a=%2e%2e/&b=c%00', '/x?a=%2e%2e/&b=c%00'],
      ['/strip', '/'],
      ['/strip/', '/'],
      ['/strip/strip/x', '/strip/x'],
      ['/stripped', '/stripped'],
      ['/re/%61/b', '/out/b/x/a'],
      ['/re/{b}/$1/', '/out/$1/x/{b}/'],
      ['/re/a/b/c/d/?q', '/out/b/x/a/c/d/?q'],
      ['/pass/a%2fb%2F', '/pass/a%2Fb%2F'],
      ['/pass-re/a%2fb/c', '/a%2Fb/c'],
      ['/pass-re/api%2fadmin', '/api%2Fadmin'],
      ['/drop/api/admin?q', '/fixed?q'],
      ['http://B.test/x', '/x'],
    ];
    for (const { port } of edge.doors) {
      for (const [text, received] of rows) {
        const outcome = await ask(port, { text, host: 'b.test' });
        assert.deepEqual([outcome.status, outcome.received], [200, received], text);
      }
    }
  });
});
