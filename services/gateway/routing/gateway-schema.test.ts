// What an editor says by gateway.schema.json is what the reader says at a start: red for what is refused and
// green for what is taken. Only what lies outside the one value (another key, a variable) is the reader's alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fileKeys, loadConfig } from './load-config.ts';
import { accessKeys, roles } from './read-access.ts';
import { breakerKeys } from './read-breaker.ts';
import { corsKeys } from './read-cors.ts';
import { issuerKeys, issuerRoleKeys } from './read-issuer.ts';
import { concurrencyKeys, rateLimitKeys } from './read-limits.ts';
import { routeKeys } from './read-route.ts';
import { healthKeys, serviceKeys, timeoutKeys } from './read-service.ts';
import { targetKeys } from './read-target.ts';
import { tlsKeys } from './read-tls.ts';
import { priorities, routeMethods } from './route.ts';

type Shape = Record<string, { properties: object; anyOf: { enum?: string[] }[] }>;
type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

const schema = JSON.parse(readFileSync(new URL('../gateway.schema.json', import.meta.url), 'utf8')) as {
  properties: object;
  $defs: Shape;
};
const isValid = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true }).compile(schema);

test('the schema knows exactly the keys and words that the reader knows', () => {
  const keys = (name: string) => Object.keys(schema.$defs[name]!.properties);
  const words = (name: string) => schema.$defs[name]!.anyOf.flatMap((one) => one.enum ?? []);
  assert.deepEqual(Object.keys(schema.properties), [...fileKeys]);
  assert.deepEqual(keys('service'), [...serviceKeys]);
  assert.deepEqual(keys('timeouts'), [...timeoutKeys]);
  assert.deepEqual(keys('health'), [...healthKeys]);
  assert.deepEqual(keys('target'), [...targetKeys]);
  assert.deepEqual(keys('tls'), [...tlsKeys]);
  assert.deepEqual(keys('breaker'), [...breakerKeys]);
  assert.deepEqual(keys('rate_limit'), [...rateLimitKeys]);
  assert.deepEqual(keys('concurrency'), [...concurrencyKeys]);
  assert.deepEqual(keys('route'), [...routeKeys]);
  assert.deepEqual(keys('cors'), [...corsKeys]);
  assert.deepEqual(keys('issuer'), [...issuerKeys]);
  assert.deepEqual(keys('issuer_roles'), [...issuerRoleKeys]);
  const access = schema.$defs['access'] as unknown as { oneOf: { properties?: object }[] };
  assert.deepEqual(
    access.oneOf.flatMap(({ properties }) => Object.keys(properties ?? {})),
    [...accessKeys],
  );
  assert.deepEqual(words('method'), [...routeMethods]);
  assert.deepEqual(words('role'), [...roles]);
  assert.deepEqual(words('priority'), [...priorities]);
});

const variables = {
  NUMBER: '7',
  MANY: '7000',
  PRIORITY: 'high',
  WORD: 'GET',
  ROLE: 'admin',
  FLAG: 'true',
  ORIGIN: 'http://a',
  PATH_: '/a',
  ISSUER: 'https://a.test',
  ALGORITHM: 'RS256',
  IDENTITY: 'token',
  PROTOCOL: 'h2c',
};

type Kind = 'service' | 'route' | 'issuer';
const knownKeys: Readonly<Record<Kind, readonly string[]>> = {
  service: serviceKeys,
  route: routeKeys,
  issuer: issuerKeys,
};

function fileWith(kind: Kind, key: string, value: Value): Value {
  const service = kind === 'service' ? { targets: ['http://a'], [key]: value } : { targets: ['http://a'] };
  const route =
    kind === 'route' ? { path: '/a/b/*', service: 'up', [key]: value } : { path: '/a', service: 'up' };
  const issuer = { issuer: 'https://a.test', algorithms: ['RS256'], audience: 'us' };
  const issuers = kind === 'issuer' ? { issuers: { corp: { ...issuer, [key]: value } } } : {};
  return { services: { up: service }, ...issuers, routes: [route] };
}

function verdicts(file: Value): { editor: boolean; reader: boolean } {
  return {
    editor: isValid(file),
    reader: loadConfig(JSON.stringify(file), variables).kind === 'config',
  };
}

const wrong: readonly Value[] = [null, [], {}, [[]], { x: 1 }, [null]];
const numbers: readonly Value[] = [
  0,
  1,
  10,
  11,
  99,
  100,
  86_400_000,
  86_400_001,
  10 ** 7,
  2 ** 41,
  -1,
  1.5,
  '7',
  '1.5',
  'x',
];
const samples: Readonly<Record<Kind, Readonly<Record<string, readonly Value[]>>>> = {
  service: {
    targets: [
      ['http://a'],
      ['https://a:1/'],
      ['http://a', 'http://b'],
      ['ftp://a'],
      ['http://a/b'],
      'http://a',
    ],
    dns_refresh_ms: [...numbers.filter((one) => one !== '7'), '${MANY}'],
    protocol: ['http1', 'h2c', 'http2', true, '${PROTOCOL}'],
    tls: [
      {},
      { ca_file: '/a' },
      { ca_file: 'a' },
      { server_name: 'a.test' },
      { server_name: 'a b' },
      { client_cert_file: '/a', client_key_file: '/b' },
      { x: '/a' },
    ],
    balance: ['round_robin', 'least_pending', 'power_of_two', 'random', true],
    timeouts: [
      {},
      ...numbersFor('connect_ms'),
      ...numbersFor('headers_ms'),
      ...numbersFor('idle_ms'),
      ...numbersFor('total_ms'),
      ...numbersFor('tunnel_idle_ms'),
      { conect_ms: 1 },
    ],
    retries: [...numbers, '${NUMBER}'],
    health: [
      { path: '/h' },
      { path: 'h' },
      { interval_ms: 100 },
      { path: '/a b' },
      { path: '/h', x: 1 },
    ].concat(
      numbers.filter((one) => one !== '7').map((interval_ms) => ({ path: '/h', interval_ms })) as never[],
    ),
    breaker: [
      'off',
      'on',
      {},
      { x: 1 },
      ...['failure_percent', 'min_requests', 'window_ms'].flatMap((key) =>
        numbers.filter((one) => one !== '7').map((value) => ({ [key]: value })),
      ),
    ],
    max_pending: [...numbers, '${NUMBER}'],
    forward_token: [true, false, 'true', 'yes', 1, '${FLAG}'],
    identity: ['headers', 'token', 'both', true, '${IDENTITY}'],
  },
  route: {
    host: ['a.test', '*.a.test', '[::1]', ['a.test', '*.b.test'], 'a:80', 'a/b', '*', '', 'a.*.b', ['a b']],
    path: ['/a/b/*', '/', '/a/{id}', 'a', '', '${PATH_}'],
    methods: [['GET'], ['GET', 'POST'], ['get'], 'GET', ['GET', 'GET'], ['TRACE'], ['${WORD}']],
    headers: [
      { 'x-a': '1' },
      { 'x-a': 1 },
      { 'x-a': '*' },
      { 'x-a': ' ' },
      { 'x a': '1' },
      { 'x-a': ['1'] },
      'x-a',
    ],
    service: ['up', 1],
    strip_prefix: ['/a', '/a/b', '/a/', 'a', '${PATH_}'],
    rewrite: ['/x/*', '/', 'x', '', '${PATH_}'],
    access: [
      'public',
      'optional',
      'authenticated',
      'open',
      { roles: ['admin'] },
      { roles: ['user', '${ROLE}'] },
      { roles: ['root'] },
      { roles: [] },
      { roles: 'admin' },
      { role: ['admin'] },
      { roles_all: ['admin', 'user'] },
      { roles_all: ['root'] },
      { roles_all: [] },
      { issuers: ['own'] },
      { issuers: ['own'], roles: ['admin'] },
      { issuers: [] },
      { issuers: 'own' },
      { issuers: [1] },
      { audience: 'us' },
      { issuers: ['own'], audience: 'us' },
    ],
    rate_limit: [
      '1/1',
      '100/60',
      '1',
      '1/',
      'a/b',
      5,
      { limit: '1/1' },
      { limit: '1/1', by: 'ip' },
      { limit: '1/1', by: 'header', header: 'x-key' },
      { limit: '1/1', by: 'all' },
      { by: 'ip' },
      { limit: '1/1', x: 1 },
    ],
    body_limit_bytes: [...numbers, '${NUMBER}'],
    encoded_slashes: ['pass', 'refuse', 'yes', true],
    cors: [
      { origins: ['https://a.test'] },
      { origins: ['*'] },
      { origins: [] },
      { origins: ['a.test'] },
      { origins: ['https://*.a.test'] },
      { origins: ['null'] },
      { origins: 'https://a.test' },
      { methods: ['GET'] },
      ...[['GET'], ['get'], [], 'GET'].map((methods) => ({ origins: ['https://a.test'], methods })),
      ...[['x-a'], ['x a'], ['*'], [], 'x-a'].map((headers) => ({ origins: ['https://a.test'], headers })),
      ...[['x-a'], ['x a'], [], 'x-a'].map((expose_headers) => ({
        origins: ['https://a.test'],
        expose_headers,
      })),
      ...[true, 'true', '${FLAG}', 1].map((credentials) => ({ origins: ['https://a.test'], credentials })),
      ...numbersFor('max_age_seconds', { origins: ['https://a.test'] }),
      { origins: ['https://a.test'], x: 1 },
    ],
    priority: ['low', 'normal', 'high', 'critical', 'urgent', 1, '${PRIORITY}'],
    concurrency: [...numbersFor('route'), ...numbersFor('caller'), { route: 1, caller: 1 }, { x: 1 }],
    header_limit_bytes: [...numbers, 16_384, 16_385, '${NUMBER}'],
  },
  issuer: {
    issuer: [
      'https://a.test',
      'https://a.test/realms/x/',
      'https://a.test:8443',
      'http://localhost:1',
      '${ISSUER}',
      'http://127.0.0.1:8080/x',
      'http://[::1]/',
      'http://a.test',
      'http://localhost.a.test',
      'a.test',
      1,
      'https://a.test?x',
      'https://a.test#x',
      'https://u:p@a.test',
      'ftp://a.test',
      '',
    ],
    jwks_uri: ['https://a.test/keys', 'http://a.test/keys', 'keys', '${ISSUER}'],
    algorithms: [['RS256'], ['RS256', 'EdDSA'], ['HS256'], ['none'], 'RS256', ['${ALGORITHM}']],
    audience: ['us', ['us', 'them'], '', [''], 1, [['us']], '${ISSUER}'],
    roles: [
      { claim: 'roles', map: { ops: 'admin' } },
      { claim: ['a', 'b'], map: { ops: 'admin', other: '${ROLE}' } },
      { claim: 'roles' },
      { map: { ops: 'admin' } },
      { claim: '', map: {} },
      { claim: 'roles', map: { ops: 'Ad min' } },
      { claim: 'roles', map: { ops: ['admin'] } },
      { claim: 'roles', map: [] },
      { claim: 'roles', map: {}, x: 1 },
    ],
  },
};

function numbersFor(key: string, more: Record<string, Value> = {}): Value[] {
  return [...numbers, '${NUMBER}'].map((value) => ({ ...more, [key]: value }));
}

for (const kind of ['service', 'route', 'issuer'] as const) {
  describe(`${kind}: editor and reader agree about`, () => {
    test('the samples, which know every key', () => {
      assert.deepEqual(Object.keys(samples[kind]), [...knownKeys[kind]]);
    });
    for (const [key, values] of Object.entries(samples[kind])) {
      test(key, () => {
        for (const value of [...values, ...wrong]) {
          const { editor, reader } = verdicts(fileWith(kind, key, value));
          assert.equal(editor, reader, `${key}: ${JSON.stringify(value)}: ${JSON.stringify(isValid.errors)}`);
        }
      });
    }
  });
}

test('unknown keys and missing ones are judged alike', () => {
  for (const file of [
    {},
    [],
    { services: {} },
    { services: {}, routes: [] },
    { services: {}, routes: [], extra: 1 },
    { services: { up: {} }, routes: [] },
    { services: { Up: { targets: ['http://a'] } }, routes: [] },
    fileWith('route', 'acess', 'public'),
    fileWith('service', 'target', 'http://a'),
  ] as const) {
    const { editor, reader } = verdicts(file);
    assert.equal(editor, reader, JSON.stringify(file));
  }
});
