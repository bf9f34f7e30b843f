import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decideRoute } from '../routing/decide-route.ts';
import { indexRoutes } from '../routing/index-routes.ts';
import { loadConfig } from '../routing/load-config.ts';
import { ownRoutes } from '../routing/own-routes.ts';
import { type RoutingConfig, routeMethods } from '../routing/route.ts';
import { compareAccess } from './compare-access.ts';
import { formatAccess } from './describe-route.ts';
import { diffConfigs, type RouteChange } from './diff-configs.ts';

function load(routes: readonly string[], service = 'targets: [http://a]') {
  const lines = routes.map((route) => `  - { service: up, ${route} }\n`).join('');
  return loadConfig(`services: { up: { ${service} } }\nroutes:\n${lines || '  []'}`, {});
}

function configOf(routes: readonly string[], service?: string): RoutingConfig {
  const loaded = load(routes, service);
  assert.ok(loaded.kind === 'config', JSON.stringify(loaded));
  return loaded.config;
}

/** The changes as `kind where methods: before > after`. */
function changes(before: readonly string[], after: readonly string[]): string[] {
  const all = (one: RouteChange) => (one.methods.length === routeMethods.length ? '*' : one.methods.join());
  return diffConfigs(configOf(before), configOf(after)).routes.map(
    (one) => `${one.kind} ${one.where} ${all(one)}: ${one.before} > ${one.after}`,
  );
}

const admin = 'path: /api/admin/*, access: { roles: [admin] }';
const api = 'path: /api/*';

describe('what opens', () => {
  test('a new route, to whom it lets in', () => {
    assert.deepEqual(changes([api], [api, 'path: /new, access: public']), [
      'opened /new *: refused > /new (public)',
    ]);
  });

  test('a path whose route is gone and falls to a wider one', () => {
    assert.deepEqual(changes([api, admin], [api]), [
      'weaker /api/admin/* *: /api/admin/* (roles: admin) > /api/* (authenticated)',
    ]);
  });

  test('a path that a new route of a host takes over', () => {
    assert.deepEqual(changes([admin], [admin, 'host: a.test, path: /*, access: public']), [
      'opened a.test/* *: refused > a.test/* (public)',
      'weaker a.test/* *: /api/admin/* (roles: admin) > a.test/* (public)',
      'changed a.test/* GET,HEAD: /.well-known/* (public) > a.test/* (public)',
      'changed a.test/* GET,HEAD: /openapi.json (public) > a.test/* (public)',
      'changed a.test/* POST: /oauth/introspect (public) > a.test/* (public)',
      'changed a.test/* POST: /oauth/revoke (public) > a.test/* (public)',
      'changed a.test/* GET,HEAD: / (public) > a.test/* (public)',
    ]);
  });

  test('a method, a header', () => {
    assert.deepEqual(changes(['path: /a, methods: [GET]'], ['path: /a, methods: [GET, PUT]']), [
      'opened /a PUT: refused > /a (authenticated)',
    ]);
    const beta = 'path: /a, headers: { x-beta: "1" }, access: public';
    assert.deepEqual(changes(['path: /a'], ['path: /a', beta]), [
      'weaker /a *: /a (authenticated) > /a (public)',
    ]);
  });

  test('a last slash, where paths cross', () => {
    assert.deepEqual(
      changes(['path: "/{x}/b", access: public', 'path: "/a/{y}"'], ['path: "/{x}/b", access: public']),
      [
        'weaker /a/{y} *: /a/{y} (authenticated) > /{x}/b (public)',
        'closed /a/{y} *: /a/{y} (authenticated) > refused',
      ],
    );
    assert.deepEqual(changes(['path: /a/*', 'path: /a/, access: { roles: [admin] }'], ['path: /a/*']), [
      'weaker /a/ *: /a/ (roles: admin) > /a/* (authenticated)',
    ]);
  });
});

test('what closes or only changes opens nothing', () => {
  const rows: readonly (readonly [string[], string[], string[]])[] = [
    [[api], [api, admin], ['stronger /api/admin/* *: /api/* (authenticated) > /api/admin/* (roles: admin)']],
    [[api, 'path: /b'], [api], ['closed /b *: /b (authenticated) > refused']],
    [
      [api],
      ['path: /api/*, strip_prefix: /api'],
      ['changed /api/* *: /api/* (authenticated) > /api/* (authenticated)'],
    ],
    [
      [api],
      ['path: /api/*, rate_limit: 1/1'],
      ['changed /api/* *: /api/* (authenticated) > /api/* (authenticated)'],
    ],
    [[api, admin], [admin, api], []],
    [['path: "/o/{id}"'], ['path: "/o/{name}"'], []],
  ];
  for (const [before, after, expected] of rows) {
    const diff = diffConfigs(configOf(before), configOf(after));
    assert.deepEqual([changes(before, after), diff.opens], [expected, false]);
  }
});

test('settings are told with both values, those of services too', () => {
  const diff = diffConfigs(
    configOf(['path: /a/*, strip_prefix: /a']),
    configOf(
      ['path: /a/*, rewrite: /b/*, encoded_slashes: pass'],
      'targets: [http://b], forward_token: true',
    ),
  );
  assert.deepEqual(diff.routes[0]?.settings, {
    encoded_slashes: ['refuse', 'pass'],
    target_path: ['/*', '/b/*'],
  });
  assert.deepEqual(diff.services, [
    {
      service: 'up',
      settings: {
        targets: [[{ origin: 'http://a', weight: 1 }], [{ origin: 'http://b', weight: 1 }]],
        forward_token: [false, true],
      },
    },
  ]);
});

describe('access', () => {
  const roles = (...names: string[]) => ({ kind: 'roles', roles: names }) as const;
  const [open, optional, signedIn] = [
    { kind: 'public' },
    { kind: 'optional' },
    { kind: 'authenticated' },
  ] as const;
  test('is weaker when it lets in more, and when nobody can tell', () => {
    const order = [roles('admin'), roles('user', 'admin'), signedIn, optional, open] as const;
    for (const [i, before] of order.entries()) {
      for (const [j, after] of order.entries()) {
        assert.equal(compareAccess(before, after), i === j ? 'same' : i < j ? 'weaker' : 'stronger');
      }
    }
    assert.equal(compareAccess(roles('user'), roles('admin')), 'different');
    assert.equal(compareAccess(roles('a', 'b'), roles('b', 'a')), 'same');
    assert.equal(compareAccess(signedIn, { ...signedIn, audience: 'x' } as typeof signedIn), 'different');
  });
});

const segment = fc.constantFrom('a', 'b', '{x}');
const routeText = fc
  .record({
    host: fc.option(fc.constantFrom('a.test', '*.test', '*.a.test')),
    parts: fc.uniqueArray(segment, {
      maxLength: 3,
      selector: (part) => (part === '{x}' ? part : `${part}${Math.random()}`),
    }),
    end: fc.constantFrom('', '/*', '/'),
    methods: fc.option(fc.constantFrom('[GET]', '[GET, POST]')),
    header: fc.option(fc.constantFrom('{ x-v: "1" }', '{ x-v: "*" }')),
    access: fc.constantFrom('public', 'authenticated', '{ roles: [admin] }'),
  })
  .map(({ host, parts, end, methods, header, access }) => {
    const path = `/${parts.join('/')}${parts.length === 0 ? end.slice(1) : end}`;
    const asked = [
      ...(host === null ? [] : [`host: "${host}"`]),
      ...(methods === null ? [] : [`methods: ${methods}`]),
      ...(header === null ? [] : [`headers: ${header}`]),
    ];
    return [...asked, `path: "${path}"`, `access: ${access}`].join(', ');
  });
/** As many of them as do not tie. */
const routeTexts = fc
  .array(routeText, { maxLength: 8 })
  .map((all) =>
    all.reduce<string[]>(
      (taken, one) => (load([...taken, one]).kind === 'config' ? [...taken, one] : taken),
      [],
    ),
  );
const request = fc.record({
  host: fc.constantFrom('a.test', 'b.a.test', 'x.test', 'other'),
  path: fc
    .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 })
    .chain((parts) =>
      fc.constantFrom(`/${parts.join('/')}`, parts.length === 0 ? '/' : `/${parts.join('/')}/`),
    ),
  method: fc.constantFrom(...routeMethods),
  headers: fc.constantFrom([], ['x-v', '1'], ['x-v', '2']),
});

test('an issuer that is believed in another way opens, whatever the routes say; a new or a gone one is told', () => {
  const file = (audience: string, ops: string) =>
    loadConfig(
      `services: { up: { targets: [http://a] } }
issuers:
  corp:
    issuer: https://corp.test
    algorithms: [RS256]
    audience: ${audience}
    roles: { claim: groups, map: { ${ops}: admin } }
routes:
  - { path: /a, service: up, access: { issuers: [own, corp], roles: [admin] } }
`,
      {},
    );
  const read = (loaded: ReturnType<typeof file>) =>
    loaded.kind === 'config' ? loaded.config : assert.fail(JSON.stringify(loaded));
  const before = read(file('us', 'ops'));
  assert.deepEqual(diffConfigs(before, before).issuers, []);
  const other = diffConfigs(before, read(file('us', 'staff')));
  assert.deepEqual(other.routes, []);
  assert.deepEqual(
    other.issuers.map(({ issuer, settings }) => [issuer, Object.keys(settings)]),
    [['corp', ['roles']]],
  );
  assert.equal(other.opens, true);
  const none = configOf(['path: /a, access: { roles: [admin] }']);
  assert.equal(diffConfigs(before, none).issuers.length, 1);
  assert.equal(diffConfigs(none, before).opens, true, 'the route takes other tokens now');
});

test('for all pairs of files and all requests: what changes for a request is in the diff', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      routeTexts,
      routeTexts,
      fc.array(request, { minLength: 20, maxLength: 20 }),
      (old, now, requests) => {
        const configs = [configOf(old), configOf(now)];
        const { routes } = diffConfigs(configs[0]!, configs[1]!);
        for (const one of requests) {
          const [was, is] = configs.map((config) => {
            const table = indexRoutes(config.routes, ownRoutes(config.routes));
            const decision = decideRoute(table, { ...one, hasEncodedSlashes: false });
            return decision.kind === 'route' ? decision.route : undefined;
          });
          if (was === undefined && is === undefined) continue;
          const access =
            was === undefined || is === undefined ? undefined : compareAccess(was.access, is.access);
          if (access === 'same') continue;
          const kind = access ?? (was === undefined ? 'opened' : 'closed');
          const told = (route: typeof was) =>
            route === undefined ? undefined : `${route.label} (${formatAccess(route.access)})`;
          const isTold = routes.some(
            (change) =>
              change.kind === kind &&
              change.methods.includes(one.method) &&
              (was === undefined || change.before === told(was)) &&
              (is === undefined || change.after === told(is)),
          );
          assert.ok(isTold, `${JSON.stringify(one)}: ${told(was)} > ${told(is)}`);
          compared += 1;
        }
      },
    ),
    { numRuns: 100 },
  );
  assert.ok(compared > 200, `${compared}`);
});
