import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parsePattern } from './path-pattern.ts';
import type { Route } from './route.ts';
import { RouteTable } from './route-table.ts';

function route(path: string, methods?: readonly string[]): Route {
  return {
    path,
    methods,
    service: 'up',
    stripPrefix: '',
    access: { kind: 'public' },
    rateLimit: undefined,
    bodyLimitBytes: 0,
    encodedSlashes: 'refuse',
  };
}

function table(...paths: string[]): RouteTable<Route> {
  const routes = new RouteTable<Route>();
  for (const path of paths) assert.equal(routes.add(route(path)), undefined);
  return routes;
}

const found = (routes: RouteTable<Route>, path: string) => routes.match(path)?.routes[0]?.path;

describe('the most specific path wins', () => {
  const routes = table(
    '/api/*',
    '/api/admin/*',
    '/api/auth/login',
    '/orders/{id}',
    '/orders/new',
    '/orders/{id}/items/*',
    '/*',
  );
  const expected: readonly (readonly [string, string])[] = [
    ['/api/auth/login', '/api/auth/login'],
    ['/api/auth/login/', '/api/*'],
    ['/api/auth', '/api/*'],
    ['/api', '/api/*'],
    ['/api/', '/api/*'],
    ['/api/admin', '/api/admin/*'],
    ['/api/admin/', '/api/admin/*'],
    ['/api/admin/x/y', '/api/admin/*'],
    ['/api/administrator', '/api/*'],
    ['/api-internal', '/*'],
    ['/API/x', '/*'],
    ['/orders/new', '/orders/new'],
    ['/orders/7', '/orders/{id}'],
    ['/orders/7/items', '/orders/{id}/items/*'],
    ['/orders/new/items/1', '/orders/{id}/items/*'],
    ['/orders/7/other', '/*'],
    ['/orders/', '/*'],
    ['/', '/*'],
  ];
  for (const [path, pattern] of expected) {
    test(`${path} is ${pattern}`, () => assert.equal(found(routes, path), pattern));
  }

  test('without a wider route there is none', () => {
    assert.equal(found(table('/api/*'), '/api-internal'), undefined);
    assert.equal(found(table('/orders/{id}'), '/orders/'), undefined);
    assert.equal(found(table('/a'), '/a/'), undefined);
  });
});

describe('methods', () => {
  test('HEAD comes along with GET and gives way to a route of its own', () => {
    const routes = new RouteTable<Route>();
    const get = route('/a', ['GET']);
    const head = route('/a', ['HEAD']);
    assert.equal(routes.add(get), undefined);
    assert.equal(routes.match('/a')!.byMethod.get('HEAD'), get);
    assert.equal(routes.add(head), undefined);
    assert.equal(routes.match('/a')!.byMethod.get('HEAD'), head);
    assert.equal(routes.match('/a')!.allow, 'GET, HEAD');
  });

  test('two routes of one pattern tie when they share a method, names of segments aside', () => {
    const routes = new RouteTable<Route>();
    assert.equal(routes.add(route('/a/{x}', ['GET', 'POST'])), undefined);
    assert.equal(routes.add(route('/a/{y}', ['POST']))?.method, 'POST');
    assert.equal(routes.add(route('/a/{y}'))?.method, 'GET');
    assert.equal(routes.add(route('/a/{y}', ['DELETE'])), undefined);
    assert.equal(routes.match('/a/1')!.allow, 'GET, HEAD, POST, DELETE');
  });
});

const segment = fc.constantFrom('a', 'b', 'admin', 'admin2', '{x}', '...', 'a.b');
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .filter(([parts]) => parts.filter((part) => part === '{x}').length <= 1)
  .map(([parts, tail]) => `/${parts.join('/')}${tail ? '/*' : ''}`);
const path = fc
  .array(fc.constantFrom('a', 'b', 'admin', 'admin2', 'z', '...', 'a.b'), { minLength: 1, maxLength: 5 })
  .chain((parts) => fc.constantFrom(`/${parts.join('/')}`, `/${parts.join('/')}/`));

/** The plainest reading of a pattern, as an oracle. */
function matches(text: string, candidate: string): boolean {
  const parsed = parsePattern(text);
  assert.equal(parsed.kind, 'pattern');
  if (parsed.kind !== 'pattern') return false;
  const parts = candidate.slice(1).split('/');
  if (parsed.tail ? parts.length < parsed.segments.length : parts.length !== parsed.segments.length)
    return false;
  return parsed.segments.every((one, i) =>
    one.kind === 'literal' ? one.text === parts[i] : parts[i] !== '',
  );
}

/** literal before named before tail, from the left. */
function rank(text: string): string {
  const parsed = parsePattern(text);
  if (parsed.kind !== 'pattern') return '';
  return [
    ...parsed.segments.map((one) => (one.kind === 'literal' ? '0' : '1')),
    parsed.tail ? '3' : '2',
  ].join('');
}

test('for all tables and paths: the match is the most specific of all patterns that match', () => {
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { minLength: 1, maxLength: 12 }), path, (patterns, candidate) => {
      const routes = table(...patterns);
      const matching = patterns.filter((one) => matches(one, candidate));
      const best = matching.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
      assert.equal(found(routes, candidate), best);
    }),
    { numRuns: 2000 },
  );
});
