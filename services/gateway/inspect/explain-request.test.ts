import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '../routing/load-config.ts';
import type { RoutingConfig } from '../routing/route.ts';
import { explainRequest } from './explain-request.ts';

function configOf(...routes: string[]): RoutingConfig {
  const lines = routes.map((route) => `  - { service: up, ${route} }\n`).join('');
  const loaded = loadConfig(`services: { up: { targets: [http://a] } }\nroutes:\n${lines}`, {});
  assert.ok(loaded.kind === 'config', JSON.stringify(loaded));
  return loaded.config;
}

const config = configOf(
  'path: /api/*',
  'path: /api/admin/*, access: { roles: [admin] }',
  'host: a.test, path: /api/*, access: public',
  'path: "/o/{id}", methods: [GET], rewrite: "/v2/{id}"',
  'path: "/o/{id}", headers: { x-v: "2" }',
  'path: "/o/{id}"',
  'path: /only, methods: [POST]',
  'path: /beta, headers: { x-beta: "*" }',
  'path: /f/*, encoded_slashes: pass',
);

const explain = (method: string, host: string, target: string, ...headers: string[]) =>
  explainRequest(config, { method, host, target, headers });

/** Line of the winner, by what it won, line of the one it won over, and the path for the service. */
function route(method: string, host: string, target: string, ...headers: string[]) {
  const found = explain(method, host, target, ...headers);
  assert.ok(found.kind === 'route', found.kind);
  const line = (one: typeof found.route | undefined) =>
    one === undefined ? undefined : config.lines.get(one);
  return [line(found.route), found.over?.by, line(found.over?.route), found.target];
}

describe('a request with a route', () => {
  test('tells by what it won over the one that it would have else', () => {
    assert.deepEqual(route('GET', 'x', '/api/admin/y?q'), [4, 'path', 3, '/api/admin/y?q']);
    assert.deepEqual(route('GET', 'a.test:80', '/api/admin/y'), [5, 'host', 4, '/api/admin/y']);
    assert.deepEqual(route('GET', 'x', '/o/7', 'X-V', '2'), [6, 'method', 7, '/v2/7']);
    assert.deepEqual(route('PUT', 'x', '/o/7', 'X-V', '2'), [7, 'headers', 8, '/o/7']);
    assert.deepEqual(route('GET', 'x', '/f/a%2fb'), [11, undefined, undefined, '/f/a%2Fb']);
  });

  test('a header that goes no further decides nothing', () => {
    assert.deepEqual(route('PUT', 'x', '/o/7', 'x-user-id', '2'), [8, undefined, undefined, '/o/7']);
  });
});

test('a request without one is refused as the gateway does', () => {
  const rows = [
    [explain('GET', 'x', '/api/../x'), 'no_path', undefined],
    [explain('GET', 'x', '/health'), 'gateway', undefined],
    [explain('GET', 'x', '/nope'), 'refused', 'not_found'],
    [explain('GET', 'x', '/only'), 'refused', 'method_not_allowed'],
    [explain('GET', 'x', '/beta'), 'refused', 'not_found'],
    [explain('GET', 'x', '/o/a%2fb'), 'refused', 'malformed_request'],
  ] as const;
  for (const [found, kind, code] of rows) {
    assert.deepEqual([found.kind, found.kind === 'refused' ? found.code : undefined], [kind, code]);
  }
});
