import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalHost } from './host-pattern.ts';
import { parsePattern } from './path-pattern.ts';
import { type Route, routeMethods } from './route.ts';
import { RouteTable } from './route-table.ts';

function route(path: string, methods?: readonly string[], more: Partial<Route> = {}): Route {
  return {
    label: path,
    hosts: [],
    path,
    methods,
    headers: [],
    service: 'up',
    stripPrefix: '',
    rewrite: undefined,
    access: { kind: 'public' },
    rateLimit: undefined,
    bodyLimitBytes: 0,
    encodedSlashes: 'refuse',
    ...more,
  };
}

function table(...paths: string[]): RouteTable<Route> {
  const routes = new RouteTable<Route>();
  for (const path of paths) assert.equal(routes.add(route(path)), undefined);
  return routes;
}

const found = (routes: RouteTable<Route>, path: string) => routes.match('a.test', path)?.routes[0]?.path;

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
    assert.equal(routes.match('', '/a')!.choose('HEAD', []), get);
    assert.equal(routes.add(head), undefined);
    assert.equal(routes.match('', '/a')!.choose('HEAD', []), head);
    assert.deepEqual(routes.match('', '/a')!.allowed([]), ['GET', 'HEAD']);
  });

  test('two routes of one pattern tie when they share a method, names of segments aside', () => {
    const routes = new RouteTable<Route>();
    assert.equal(routes.add(route('/a/{x}', ['GET', 'POST'])), undefined);
    assert.equal(routes.add(route('/a/{y}', ['POST']))?.method, 'POST');
    assert.equal(routes.add(route('/a/{y}', ['DELETE'])), undefined);
    assert.deepEqual(routes.match('', '/a/1')!.allowed([]), ['GET', 'HEAD', 'POST', 'DELETE']);
  });

  test('a route that names a method goes before one that has all; of these there is one', () => {
    const routes = new RouteTable<Route>();
    const all = route('/a/{x}');
    const get = route('/a/{y}', ['GET']);
    assert.equal(routes.add(all), undefined);
    assert.equal(routes.add(get), undefined);
    assert.equal(routes.add(route('/a/{z}'))?.method, 'GET');
    const leaf = routes.match('', '/a/1')!;
    assert.deepEqual(
      ['GET', 'HEAD', 'POST', 'TRACE'].map((method) => leaf.choose(method, [])),
      [get, get, all, undefined],
    );
  });
});

describe('hosts', () => {
  const on = (...hosts: string[]) => ({ hosts, label: hosts.join(',') || 'any' });
  const routes = new RouteTable<Route>();
  for (const one of [
    route('/*', undefined, on()),
    route('/api/*', undefined, on('api.example.com')),
    route('/*', undefined, on('*.example.com')),
    route('/*', undefined, on('*.eu.example.com', '[2001:db8::1]')),
    route('/only/*', undefined, on('other.test')),
  ]) {
    assert.equal(routes.add(one), undefined);
  }
  const expected: readonly (readonly [host: string, path: string, label: string])[] = [
    ['api.example.com', '/api/x', 'api.example.com'],
    ['API.Example.COM.:8443', '/api/x', 'api.example.com'],
    ['api.example.com', '/other', '*.example.com'],
    ['a.b.example.com', '/api/x', '*.example.com'],
    ['a.eu.example.com', '/api/x', '*.eu.example.com,[2001:db8::1]'],
    ['eu.example.com', '/', '*.example.com'],
    ['example.com', '/', 'any'],
    ['notexample.com', '/', 'any'],
    ['api.example.com.evil.test', '/api/x', 'any'],
    ['other.test', '/only/x', 'other.test'],
    ['other.test', '/else', 'any'],
    ['[2001:DB8:0::1]:80', '/', '*.eu.example.com,[2001:db8::1]'],
    [`${'a.'.repeat(200)}example.com`, '/', 'any'],
  ];
  for (const [host, path, label] of expected) {
    test(`${host.slice(0, 40)} with ${path} is of ${label}`, () =>
      assert.equal(routes.match(host, path)?.routes[0]?.label, label));
  }

  test('a host is named by itself and by a wildcard, and by nothing else', () => {
    const named = ['api.example.com', 'x.example.com', 'OTHER.test:1'].map((host) => routes.namesHost(host));
    assert.deepEqual(named, [true, true, true]);
    assert.deepEqual(
      ['example.com', 'test', '', 'x.other.test'].map((host) => routes.namesHost(host)),
      [false, false, false, false],
    );
  });

  test('routes tie on the host they share', () => {
    const shared = new RouteTable<Route>();
    assert.equal(shared.add(route('/a', undefined, on('a.test', 'b.test'))), undefined);
    assert.equal(shared.add(route('/a', undefined, on('c.test', 'b.test')))?.first.label, 'a.test,b.test');
    assert.equal(shared.add(route('/a', undefined, on('*.test'))), undefined);
    assert.equal(shared.add(route('/a', undefined, on())), undefined);
  });
});

describe('headers', () => {
  const asks = (...pairs: readonly (readonly [string, string | undefined])[]) => ({
    headers: pairs.map(([name, value]) => ({ name, value })),
  });
  const plain = route('/a/*', ['GET']);
  const any = route('/a/*', ['GET'], asks(['x-v', undefined]));
  const two = route('/a/*', ['GET'], asks(['x-v', '2']));
  const both = route('/a/*', ['GET'], asks(['x-v', undefined], ['x-w', '1']));
  const routes = new RouteTable<Route>();
  for (const one of [plain, any, two, both]) assert.equal(routes.add(one), undefined);
  const choose = (...fields: string[]) => routes.match('', '/a/b')!.choose('GET', fields);

  test('more conditions go first, then exact values, then none', () => {
    assert.equal(choose(), plain);
    assert.equal(choose('X-V', '1'), any);
    assert.equal(choose('X-V', '2'), two);
    assert.equal(choose('x-v', '2', 'x-w', '1'), both);
    assert.equal(choose('x-w', '1'), plain);
  });

  test('a field that is sent twice has the value of the whole list', () => {
    assert.equal(choose('x-v', '2', 'x-v', '2'), any);
    assert.equal(choose('x-v', '2', 'y', 'z', 'X-V', '3'), any);
  });

  test('conditions that one request can meet alike tie; those it cannot do not', () => {
    assert.equal(routes.add(route('/a/*', ['GET'], asks(['x-v', '3']))), undefined);
    assert.equal(routes.add(route('/a/*', ['GET'], asks(['x-v', '2'])))?.first, two);
    assert.equal(routes.add(route('/a/*', ['GET'], asks(['x-z', '2'])))?.first, two);
    assert.equal(routes.add(route('/a/*', ['POST'], asks(['x-z', '2']))), undefined);
  });

  test('a header that is not met leads to no wider path', () => {
    const strict = new RouteTable<Route>();
    strict.add(route('/*'));
    strict.add(route('/a/*', undefined, asks(['x-v', '2'])));
    const leaf = strict.match('', '/a/b')!;
    assert.equal(leaf.choose('GET', []), undefined);
    assert.deepEqual(leaf.allowed([]), []);
    assert.deepEqual(leaf.allowed(['x-v', '2']), [...routeMethods]);
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

const host = fc.constantFrom('a.test', 'b.a.test', 'c.b.a.test', 'A.TEST.', 'b.a.test:81', 'test', 'x.test');
const hostPattern = fc.constantFrom('a.test', 'b.a.test', '*.test', '*.a.test', '*.b.a.test');

/** 0 exact, then the longest wildcard, then none; undefined: not this host. */
function hostRank({ hosts }: Route, asked: string): number | undefined {
  if (hosts.length === 0) return 1000;
  const name = canonicalHost(asked);
  const ranks = hosts.flatMap((one) => {
    if (one === name) return [0];
    return one.startsWith('*') && name.endsWith(one.slice(1)) ? [500 - one.length] : [];
  });
  return ranks.length === 0 ? undefined : Math.min(...ranks);
}

test('for all tables and requests: host before path before method, and never another path or host than the first', () => {
  const anyRoute = fc
    .tuple(fc.option(hostPattern), pattern, fc.option(fc.subarray(['GET', 'POST'], { minLength: 1 })))
    .map(([one, path, methods]) =>
      route(path, methods ?? undefined, {
        hosts: one === null ? [] : [one],
        label: `${one} ${path} ${methods?.join()}`,
      }),
    );
  fc.assert(
    fc.property(fc.array(anyRoute, { maxLength: 16 }), host, path, (candidates, asked, wanted) => {
      const routes = new RouteTable<Route>();
      const added = candidates.filter((one) => routes.add(one) === undefined);
      const ranked = added
        .filter((one) => hostRank(one, asked) !== undefined && matches(one.path, wanted))
        .map((one) => ({ one, rank: `${String(hostRank(one, asked)).padStart(4, '0')} ${rank(one.path)}` }));
      const best = ranked.map((each) => each.rank).toSorted()[0];
      const there = ranked.filter((each) => each.rank === best).map(({ one }) => one);
      const expected =
        there.find(({ methods }) => methods?.includes('GET')) ??
        there.find(({ methods }) => methods === undefined);
      assert.equal(routes.match(asked, wanted)?.choose('GET', []), expected);
    }),
    { numRuns: 3000 },
  );
});
