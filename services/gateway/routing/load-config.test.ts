import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkGatewayConfig } from './check-config.ts';
import { loadConfig } from './load-config.ts';

const base = `services:
  up: { targets: [http://127.0.0.1:9000] }
routes:
`;

/** The problems of a file as `line:column message`. */
function problems(text: string, variables: Record<string, string> = {}): string[] {
  const loaded = loadConfig(text, variables);
  assert.equal(loaded.kind, 'invalid', 'the file was taken');
  if (loaded.kind !== 'invalid') return [];
  return loaded.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function config(text: string, variables: Record<string, string> = {}) {
  const loaded = loadConfig(text, variables);
  assert.equal(loaded.kind, 'config', JSON.stringify(loaded));
  if (loaded.kind !== 'config') throw new Error('unreachable');
  return loaded.config;
}

describe('what is no gateway.yaml', () => {
  test('is one line: what follows from the first mistake is not told', () => {
    const needsMapping = '1:1 the file must be a mapping of keys to values';
    assert.deepEqual(problems('- a'), [needsMapping]);
    assert.deepEqual(problems(`${base}  - { path: /a/{id}, service: up }`), [
      '4:16 Unexpected flow-map-start at node end; a path with {names} is put in quotes',
    ]);
    assert.deepEqual(problems(`${base}  - { path: /a, service: up }\n---\na: 1\n`), [
      '5:1 the file holds more than one document',
    ]);
  });

  test('a route whose path no request can have is refused', () => {
    assert.deepEqual(problems(`${base}  - { path: "/a;b", service: up }`), [
      '4:13 path /a;b: holds a character that no canonical path has',
    ]);
  });
});

describe('defaults', () => {
  test('a route without access is authenticated, for all methods, with 10 MiB', () => {
    const [route] = config(`${base}  - { path: /a/*, service: up }`).routes;
    assert.deepEqual(
      [route?.access, route?.methods, route?.bodyLimitBytes, route?.encodedSlashes, route?.rateLimit],
      [{ kind: 'authenticated' }, undefined, 10_485_760, 'refuse', undefined],
    );
  });

  test('a service keeps the token to the gateway and tries once more', () => {
    const service = config(`${base}  - { path: /a, service: up }`).services.get('up');
    assert.deepEqual([service?.forwardToken, service?.retries, service?.balance], [false, 1, 'round_robin']);
  });

  test('the example of the contract is understood', () => {
    const { services, routes } = config(`services:
  auth:   { targets: [http://127.0.0.1:8000], forward_token: true }
  orders: { targets: [http://10.0.0.5:9000, http://10.0.0.6:9000], balance: least_pending,
            timeouts: { connect_ms: 1000, headers_ms: 10000, idle_ms: 30000 }, retries: 1,
            health: { path: /health, interval_ms: 2000 }, max_pending: 500 }
routes:
  - { path: /api/auth/login, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/admin/*,  service: auth,   strip_prefix: /api, access: { roles: [admin] } }
  - { path: /api/*,        service: auth,   strip_prefix: /api, access: authenticated }
  - { path: /orders/*,     service: orders, access: { roles: [user, admin] }, rate_limit: 100/60, body_limit_bytes: 1048576 }
`);
    assert.deepEqual(services.get('orders')?.timeouts, {
      connectMs: 1000,
      headersMs: 10_000,
      idleMs: 30_000,
      totalMs: undefined,
      tunnelIdleMs: 3_600_000,
    });
    assert.deepEqual(services.get('orders')?.health, { path: '/health', intervalMs: 2000 });
    const last = routes.at(-1);
    assert.deepEqual([last?.rateLimit?.count, last?.rateLimit?.periodSeconds], [100, 60]);
    assert.deepEqual(last?.access, { kind: 'roles', roles: ['user', 'admin'] });
  });

  test('the shipped gateway.yaml opens the seed\u2019s public routes and nothing else', () => {
    const path = fileURLToPath(new URL('../../../gateway.yaml', import.meta.url));
    const checked = checkGatewayConfig(path, {});
    assert.equal(checked.kind, 'valid');
    if (checked.kind !== 'valid') return;
    const { services, routes } = checked.config;
    assert.deepEqual(services.get('auth')?.targets, [{ origin: 'http://127.0.0.1:8000', weight: 1 }]);
    assert.deepEqual(
      routes.filter(({ access }) => access.kind === 'public').map(({ path, methods }) => [path, methods]),
      ['register', 'register/confirm', 'login', 'refresh', 'logout'].map((name) => [
        `/api/auth/${name}`,
        ['POST'],
      ]),
    );
    assert.deepEqual(
      routes.filter(({ access }) => access.kind !== 'public').map(({ path, access }) => [path, access]),
      [
        ['/api/admin/*', { kind: 'roles', roles: ['admin'] }],
        ['/api/*', { kind: 'authenticated' }],
      ],
    );
  });
});

describe('refusals tell the line, the column and the way out', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'an unknown key',
      `${base}  - { path: /a, service: up, acess: public }`,
      '4:30 unknown key "acess" in a route; did you mean "access"?',
    ],
    [
      'an unknown word',
      `${base}  - { path: /a, service: up, access: pubic }`,
      '4:38 access must be one of public, optional, authenticated; did you mean public?',
    ],
    [
      'an unknown service',
      `${base}  - { path: /a, service: op }`,
      '4:5 there is no service "op"; did you mean "up"?',
    ],
    [
      'an unknown role',
      `${base}  - { path: /a, service: up, access: { roles: [amdin] } }`,
      '4:48 a role must be one of user, admin; did you mean admin?',
    ],
    [
      'an unknown method',
      `${base}  - { path: /a, service: up, methods: [GTE] }`,
      '4:40 a method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; did you mean GET?',
    ],
    ['no path', `${base}  - { service: up }`, '4:5 a route needs a path, e.g. path: /orders/*'],
    ['a relative path', `${base}  - { path: a, service: up }`, '4:13 path a: must begin with /'],
    [
      'a star in the middle',
      `${base}  - { path: /a/*/b, service: up }`,
      '4:13 path /a/*/b: * stands only as the whole last segment',
    ],
    ['a dot segment', `${base}  - { path: /a/../b, service: up }`, '4:13 path /a/../b: holds a dot segment'],
    [
      'an escape in a path',
      `${base}  - { path: /a%20b, service: up }`,
      '4:13 path /a%20b: holds a character that no canonical path has',
    ],
    [
      'a built-in path',
      `${base}  - { path: /health, service: up }`,
      '4:5 /health is answered by the gateway itself',
    ],
    [
      'a foreign prefix',
      `${base}  - { path: /a/*, service: up, strip_prefix: /ap }`,
      '4:46 strip_prefix /ap is not how the path /a/* begins',
    ],
    [
      'a rate that is none',
      `${base}  - { path: /a, service: up, rate_limit: fast }`,
      '4:42 rate_limit must be count/seconds such as 100/60',
    ],
    [
      'a tie',
      `${base}  - { path: "/a/{id}", service: up }\n  - { path: "/a/{name}", service: up }`,
      '5:5 /a/{name} matches the same requests as /a/{id} in line 4, both with GET: give them different hosts, methods or headers',
    ],
    [
      'a tie on one of several hosts',
      `${base}  - { host: [a.test, b.test], path: /a, service: up }\n  - { host: B.test., path: /a, methods: [PUT, GET], service: up }\n  - { host: [b.test], path: /a, methods: [GET], service: up }`,
      '6:5 b.test/a matches the same requests as b.test/a in line 5, both with GET',
    ],
    [
      'a tie of headers that one request can meet alike',
      `${base}  - { path: /a, headers: { x-a: "1" }, service: up }\n  - { path: /a, headers: { x-b: "1" }, service: up }`,
      '5:5 /a matches the same requests as /a in line 4, both with GET',
    ],
    [
      'a host with a port',
      `${base}  - { host: "a.test:80", path: /a, service: up }`,
      '4:13 host a.test:80 holds more than a name: routes have neither scheme nor port',
    ],
    [
      'a wildcard that is none',
      `${base}  - { host: a.*.test, path: /a, service: up }`,
      '4:13 host a.*.test has a * elsewhere than in front, as in *.example.com',
    ],
    [
      'a host twice',
      `${base}  - { host: [a.test, A.test], path: /a, service: up }`,
      '4:22 the host a.test stands here twice',
    ],
    [
      'a header that no client may say',
      `${base}  - { path: /a, headers: { X-User-Id: "1" }, service: up }`,
      '4:28 X-User-Id decides nothing: a client\u2019s word in it goes no further',
    ],
    [
      'the host as a header',
      `${base}  - { path: /a, headers: { Host: a.test }, service: up }`,
      '4:28 the host of a route stands under host',
    ],
    [
      'a header twice',
      `${base}  - { path: /a, headers: { x-a: "1", X-A: "2" }, service: up }`,
      '4:38 the header x-a stands here twice',
    ],
    [
      'a value that no header can have',
      `${base}  - { path: /a, headers: { x-a: " 1" }, service: up }`,
      '4:33 the value of x-a must be printable ASCII without spaces around it',
    ],
    [
      'a name that the path does not have',
      `${base}  - { path: "/a/{order}", rewrite: "/b/{oder}", service: up }`,
      '4:36 rewrite /b/{oder}: {oder} is not named in the path; did you mean {order}?',
    ],
    [
      'two ways to another path',
      `${base}  - { path: /a/*, rewrite: /b/*, strip_prefix: /a, service: up }`,
      '4:19 rewrite takes the place of strip_prefix: write one of them',
    ],
    [
      'a key twice',
      `${base}  - { path: /a, path: /b, service: up }`,
      '4:17 the key path stands twice in one mapping',
    ],
    [
      'broken YAML',
      `${base}  - { path: /a`,
      '4:15 Flow map in block collection must be sufficiently indented and end with a }',
    ],
    [
      'a target with a path',
      'services:\n  up: { targets: [http://a/b] }\nroutes: []',
      '2:19 a target is an http or https origin such as http://10.0.0.5:9000, not http://a/b',
    ],
    [
      'no targets',
      'services:\n  up: {}\nroutes: []',
      '2:3 service up has no targets: add e.g. targets: [http://127.0.0.1:9000]',
    ],
    ['an empty file', '', '1:1 the file is empty: it needs services and routes'],
    ['a file of comments', '# nothing\n', '1:1 the file is empty: it needs services and routes'],
    ['a wrong key behind a byte order mark', '\uFEFFservces: {}', '1:1 unknown key "servces" in the file'],
    [
      'a wrong key with ends of line as on Windows',
      base.replaceAll('\n', '\r\n').replace('up', 'UP'),
      '2:3 ',
    ],
    ['a tab', 'services:\n\tup: {}', '2:1 Tabs are not allowed as indentation'],
    ['more depth than can be read', `services: ${'['.repeat(50_000)}`, '1:'],
    [
      'an alias of nothing',
      'services:\n  up: { targets: *no }\nroutes: []',
      '2:18 there is no &no before *no',
    ],
    ['an alias of what holds it', 'services: &s\n  up: *s\nroutes: []', '2:3 '],
    [
      'a merge key',
      'services:\n  a: &a { targets: [http://a] }\n  b:\n    <<: *a\nroutes: []',
      '4:5 merge keys are not taken: write the keys of service b out',
    ],
    [
      'a variable in the name of a service',
      'services:\n  "${A}": { targets: [http://a] }\nroutes: []',
      '2:3 the name of a service is made of',
    ],
    [
      'a variable within another',
      'services:\n  up: { targets: ["${A:-${B:-http://b}}"] }\nroutes: []',
      '2:19 a target: write ${NAME} or ${NAME:-default}, none within another',
    ],
    [
      'a variable that is not set',
      'services:\n  up: { targets: ["${NOWHERE}"] }\nroutes: []',
      '2:19 a target: the variable NOWHERE is not set or empty; ${NOWHERE:-default} gives a default',
    ],
    [
      'a number out of bounds',
      'services:\n  up: { targets: [http://a], retries: 99 }\nroutes: []',
      '2:39 retries must be a whole number from 0 to 10',
    ],
  ];
  for (const [what, text, expected] of cases) {
    test(what, () => {
      const found = problems(text);
      assert.ok(
        found.some((line) => line.startsWith(expected)),
        `${expected}\nis not in\n${found.join('\n')}`,
      );
    });
  }

  test('all problems of a file are told at once', () => {
    const found = problems(
      `${base}  - { path: a, service: up }\n  - { path: /b, servce: up }\n  - { path: /c, service: no }`,
    );
    assert.deepEqual(new Set(found.map((line) => line.split(':')[0])), new Set(['4', '5', '6']));
  });

  test('a file that cannot be read is a line too', () => {
    assert.deepEqual(checkGatewayConfig('/nowhere/gateway.yaml', {}), {
      kind: 'invalid',
      errors: ['/nowhere/gateway.yaml:1:1: cannot be read (ENOENT)'],
    });
  });

  test('a file in another encoding than UTF-8 is told where that begins', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pi-load-config-'));
    const path = join(folder, 'gateway.yaml');
    const text = `${base}  - { path: /a, service: up } # caf\u00e9`;
    try {
      writeFileSync(path, text, 'latin1');
      const found = checkGatewayConfig(path, {});
      const column = text.split('\n').at(-1)!.length;
      assert.deepEqual(found, {
        kind: 'invalid',
        errors: [`${path}:4:${column}: the file is not UTF-8 from here on`],
      });
      writeFileSync(path, text, 'utf16le');
      assert.equal(checkGatewayConfig(path, {}).kind, 'invalid');
      writeFileSync(path, text);
      assert.equal(checkGatewayConfig(path, {}).kind, 'valid');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('variables', () => {
  const file = (target: string) => `services:\n  up: { targets: ["${target}"] }\nroutes: []`;
  const target = (text: string, variables: Record<string, string> = {}) =>
    config(file(text), variables).services.get('up')?.targets[0]?.origin;

  test('are replaced in values, with a default where they are not set or empty', () => {
    assert.equal(target('http://${HOST}:${PORT:-90}', { HOST: 'a' }), 'http://a:90');
    assert.equal(target('http://a:${PORT:-90}', { PORT: '' }), 'http://a:90');
    assert.equal(target('http://a:${PORT:-90}', { PORT: '91' }), 'http://a:91');
  });

  test('bring values only, never structure', () => {
    const found = problems(file('${EVIL}'), { EVIL: 'http://a"] }\n  evil: { targets: ["http://b' });
    assert.equal(found.length, 1);
  });

  test('that hold a secret are not quoted in an error', () => {
    const secret = 'http://user:hunter2@db';
    for (const text of [
      file('${URL}'),
      `${base}  - { path: "\${URL}", service: up }`,
      `${base}  - { path: /a, host: "\${URL}", service: up }`,
      `${base}  - { path: /a/*, rewrite: "\${URL}", service: up }`,
      `${base}  - { path: /a/*, strip_prefix: "\${URL}", service: up }`,
      `${base}  - { path: /a/*, access: "\${URL}", service: up }`,
      `${base}  - { path: /a/*, headers: { x-a: "\${URL}\\n" }, service: up }`,
    ]) {
      assert.doesNotMatch(problems(text, { URL: secret }).join(), /hunter2/, text);
    }
  });

  test('a prototype\u2019s name is no variable', () => {
    assert.match(problems(file('${constructor}'))[0]!, /constructor is not set/);
  });
});
