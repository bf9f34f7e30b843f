import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from './load-config.ts';

function load(...routes: readonly string[]) {
  const services = '{ up: { targets: ["http://127.0.0.1:1"] }, auth: { targets: ["http://127.0.0.1:2"] } }';
  return loadConfig(
    `services: ${services}\nroutes:\n${routes.map((route) => `  - { ${route} }\n`).join('')}`,
    {},
  );
}
function routes(...texts: readonly string[]) {
  const loaded = load(...texts);
  assert.equal(loaded.kind, 'config', JSON.stringify(loaded));
  return loaded.kind === 'config' ? loaded.config.routes : [];
}
const problem = (text: string) => {
  const loaded = load(`path: /a, service: up, ${text}`);
  return loaded.kind === 'invalid' ? loaded.problems.map(({ message }) => message).join('; ') : 'taken';
};

describe('rate_limit', () => {
  test('the short form counts by user; the long one says by what', () => {
    const [short, ip, header] = routes(
      'path: /a, service: up, rate_limit: 100/60',
      'path: /b, service: up, rate_limit: { limit: 10/1, by: ip }',
      'path: /c, service: up, rate_limit: { limit: 10/1, by: header, header: X-Api-Key }',
    ).map(({ rateLimit }) => rateLimit);
    assert.deepEqual({ ...short, name: '' }, { name: '', count: 100, periodSeconds: 60, by: 'user' });
    assert.equal(ip?.by, 'ip');
    assert.deepEqual([header?.by, header?.header], ['header', 'x-api-key']);
    assert.equal(new Set([short?.name, ip?.name, header?.name]).size, 3, 'each route has its own buckets');
  });

  test('a header without a name, a name without by: header, and what is no rate are refused', () => {
    assert.match(
      problem('rate_limit: { limit: 1/1, by: header }'),
      /by: header and header: its name together/,
    );
    assert.match(
      problem('rate_limit: { limit: 1/1, header: x-key }'),
      /by: header and header: its name together/,
    );
    assert.match(
      problem('rate_limit: { limit: 1/1, by: header, header: "a b" }'),
      /a b is no name of a header/,
    );
    assert.match(problem('rate_limit: { by: ip }'), /needs a limit/);
    assert.match(problem('rate_limit: { limit: fast }'), /limit must be count\/seconds/);
    assert.match(problem('rate_limit: { limit: 1/1, by: users }'), /did you mean user\?/);
    assert.match(problem('rate_limit: { limits: 1/1 }'), /did you mean "limit"\?/);
  });
});

describe('concurrency and sizes', () => {
  test('are numbers from one up, for the route, each caller, or both', () => {
    const [route] = routes('path: /a, service: up, concurrency: { caller: 2 }, header_limit_bytes: 4096');
    assert.deepEqual([route?.concurrency?.route, route?.concurrency?.caller], [undefined, 2]);
    assert.equal(route?.headerLimitBytes, 4096);
    assert.match(problem('concurrency: {}'), /needs route, caller, or both/);
    assert.match(problem('concurrency: { route: 0 }'), /route must be a whole number from 1/);
    assert.match(problem('concurrency: 5'), /must be a mapping/);
    assert.match(problem('header_limit_bytes: 16385'), /from 0 to 16384/);
  });
});

describe('priority', () => {
  test('is normal, but critical for our own auth service, unless the file says otherwise', () => {
    const said = routes(
      'path: /a, service: up',
      'path: /b, service: auth',
      'path: /c, service: auth, priority: low',
      'path: /d, service: up, priority: high',
    ).map(({ priority }) => priority);
    assert.deepEqual(said, ['normal', 'critical', 'low', 'high']);
    assert.match(problem('priority: hihg'), /did you mean high\?/);
  });
});
