import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';

const identity = ['x-session-id', 'x-user-id', 'x-user-roles'];
/** What no client may say: the gateway's signed token (`identity: token`) too. */
const claims = ['x-pi-identity', ...identity];
/** To a service that reads headers as CGI does they are one name. */
const spellings = (name: string) => {
  const [first, second, third] = name.split('-');
  return ['-', '_'].flatMap((a) => ['-', '_'].map((b) => `${first}${a}${second}${b}${third}`));
};
const read = (path: string): unknown => parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
const sorted = (names: Iterable<string>) => [...names].map((name) => name.toLowerCase()).toSorted();

type Traefik = {
  http: {
    middlewares: {
      verify: { forwardAuth: Record<string, string & string[]> };
      'keep-token': { headers: { customRequestHeaders: Record<string, string> } };
    };
    routers: { service: { middlewares: string[] } };
  };
};

test('the Traefik sample asks /verify and takes every header of the identity from it alone', () => {
  const { middlewares, routers } = (read('traefik/verify.yaml') as Traefik).http;
  const { forwardAuth } = middlewares.verify;
  assert.equal(new URL(forwardAuth['address']!).pathname, '/verify');
  assert.deepEqual(sorted(forwardAuth['authResponseHeaders']!), identity);
  assert.equal(forwardAuth['trustForwardHeader'], false);
  const { customRequestHeaders } = middlewares['keep-token'].headers;
  const removed = Object.keys(customRequestHeaders).filter((name) => customRequestHeaders[name] === '');
  const gone = [...sorted(removed), ...identity];
  assert.deepEqual(gone.toSorted(), ['authorization', ...claims.flatMap(spellings)].toSorted());
  assert.deepEqual(routers.service.middlewares, ['verify', 'keep-token']);
});

type Filter = { name: string; typed_config: Record<string, Record<string, Record<string, unknown>>> };

test('the Envoy sample removes a claimed identity before it asks /verify, and fails closed', () => {
  const text = JSON.stringify(read('envoy/verify.yaml'));
  const filters = JSON.parse(/"http_filters":(\[.*?\]),"route_config"/.exec(text)![1]!) as Filter[];
  assert.deepEqual(
    filters.map(({ name }) => name.split('.').at(-1)),
    ['header_mutation', 'ext_authz', 'router'],
  );
  const removed = filters[0]!.typed_config['mutations']!['request_mutations'] as unknown as {
    remove: string;
  }[];
  assert.deepEqual(sorted(removed.map(({ remove }) => remove)), claims);
  assert.match(text, /"headers_with_underscores_action":"REJECT_REQUEST"/);
  const authz = filters[1]!.typed_config;
  assert.equal(authz['failure_mode_allow'], false);
  assert.equal(authz['http_service']!['path_prefix'], '/verify');
  const { patterns } = authz['http_service']!['authorization_response']!['allowed_upstream_headers'] as {
    patterns: { exact: string }[];
  };
  assert.deepEqual(sorted(patterns.map(({ exact }) => exact)), identity);
});
