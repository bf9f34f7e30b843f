import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { audience, newProviderKey, OidcProvider } from '../testing/oidc-provider.ts';
import { RawClient } from '../testing/raw-client.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let provider: OidcProvider;
let other: OidcProvider;
let upstream: RecordingUpstream;
let t: TestGateway;

const yaml = (map = '{ ops: admin, staff: user, billing: billing }') => `
services:
  up: { targets: ["${upstream.origin}"] }
issuers:
  corp:
    issuer: ${provider.issuer}
    algorithms: [RS256, ES256]
    audience: [${audience}, https://second.example.com]
    roles: { claim: groups, map: ${map} }
  other: { issuer: "${other.issuer}", algorithms: [RS256], audience: ${audience} }
routes:
  - { path: /own, service: up }
  - { path: /corp, service: up, access: { issuers: [corp] } }
  - { path: /both, service: up, access: { issuers: [own, corp] } }
  - { path: /admin, service: up, access: { issuers: [own, corp], roles: [admin] } }
  - { path: /all, service: up, access: { issuers: [corp], roles_all: [user, billing] } }
  - { path: /mixed, service: up, access: { issuers: [corp], roles: [admin, user], roles_all: [billing] } }
  - { path: /second, service: up, access: { issuers: [corp], audience: https://second.example.com } }
  - { path: /optional, service: up, access: optional }
`;

before(async () => {
  [provider, other, upstream] = await Promise.all([
    OidcProvider.start(),
    OidcProvider.start(),
    RecordingUpstream.start(),
  ]);
  t = await startTestGateway(yaml());
});
after(async () => {
  await t.close();
  for (const each of [provider, other, upstream]) each.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.respond = () => plainAnswer;
});

const get = (path: string, token: string) =>
  fetch(`${t.gateway.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
const statusOf = async (path: string, token: string) => (await get(path, token)).status;
const withGroups = (...groups: string[]) => provider.token({ claims: { groups } });

describe('by default', () => {
  test('only tokens of our own are taken, wherever the file does not say otherwise', async () => {
    for (const path of ['/own', '/optional']) {
      assert.equal(await statusOf(path, await withGroups('ops')), 401);
      assert.equal(await statusOf(path, await t.auth.token()), 200);
    }
  });

  test('a route for others does not take ours, nor those of a third', async () => {
    assert.equal(await statusOf('/corp', await t.auth.token({ role: 'admin' })), 401);
    assert.equal(await statusOf('/corp', await other.token()), 401);
    assert.equal(await statusOf('/both', await other.token()), 401);
  });
});

describe('a token of another issuer', () => {
  test('is passed on as a principal of that issuer, whose id is no user’s', async () => {
    const user = await t.auth.token();
    const sub = (JSON.parse(Buffer.from(user.split('.')[1]!, 'base64url').toString()) as { sub: string }).sub;
    const impostor = await provider.token({ claims: { sub, sid: 's-9', groups: ['staff'] } });
    assert.equal(await statusOf('/both', impostor), 200);
    assert.deepEqual(upstream.values('x-user-id'), [`corp:${sub}`]);
    assert.deepEqual(upstream.values('x-user-roles'), ['user']);
    assert.deepEqual(upstream.values('x-session-id'), ['s-9']);
    assert.equal(await statusOf('/both', user), 200);
    assert.deepEqual(upstream.values('x-user-id'), [sub]);
  });

  test('without a session brings no session header, a forged one neither', async () => {
    const token = await withGroups('staff');
    const headers = { authorization: `Bearer ${token}`, 'x-session-id': 'forged' };
    assert.equal((await fetch(`${t.gateway.url}/corp`, { headers })).status, 200);
    assert.deepEqual(upstream.values('x-session-id'), []);
  });

  test('that claims to be ours, or signed by another’s key, is refused', async () => {
    const claims = { iss: 'https://gateway.test', aud: 'https://gateway.test', roles: ['admin'] };
    assert.equal(await statusOf('/both', await provider.token({ claims })), 401);
    assert.equal(await statusOf('/corp', await other.token({ claims: { iss: provider.issuer } })), 401);
    assert.equal(await statusOf('/corp', await provider.token({ key: newProviderKey('first') })), 401);
    assert.equal(upstream.requests.length, 0);
  });

  test('for another audience is refused; a route may ask for one of them', async () => {
    assert.equal(await statusOf('/corp', await provider.token({ claims: { aud: 'https://else' } })), 401);
    assert.equal(await statusOf('/second', await provider.token()), 401);
    const second = await provider.token({ claims: { aud: ['https://second.example.com'] } });
    assert.equal(await statusOf('/second', second), 200);
    assert.equal(await statusOf('/second', second), 200, 'from the cache too');
    const first = await provider.token();
    assert.deepEqual([await statusOf('/corp', first), await statusOf('/second', first)], [200, 401]);
  });

  test('is decided about by /verify in the same way', async () => {
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'x-original-uri': '/admin' };
      const answer = await fetch(`${t.gateway.url}/verify`, { headers });
      return [answer.status, answer.headers.get('x-user-id'), answer.headers.get('x-user-roles')];
    };
    assert.deepEqual(await ask(await withGroups('ops')), [200, 'corp:carol', 'admin']);
    assert.deepEqual(await ask(await withGroups('staff')), [403, null, null]);
  });
});

describe('roles', () => {
  test('any of `roles`, all of `roles_all`, as the file maps them', async () => {
    assert.equal(await statusOf('/admin', await withGroups('ops')), 200);
    assert.equal(await statusOf('/admin', await withGroups('admin', 'staff')), 403);
    assert.equal(await statusOf('/all', await withGroups('staff')), 403);
    assert.equal(await statusOf('/all', await withGroups('staff', 'billing')), 200);
    assert.equal(await statusOf('/mixed', await withGroups('billing')), 403);
    assert.equal(await statusOf('/mixed', await withGroups('ops', 'billing')), 200);
    assert.equal(await statusOf('/admin', await t.auth.token({ role: 'admin' })), 200);
  });

  test('a mapping that is taken back is no longer in force after the reload, for tokens seen before too', async () => {
    const token = await withGroups('ops');
    assert.equal(await statusOf('/admin', token), 200);
    writeFileSync(t.configPath, yaml('{ staff: user, billing: billing, boss: admin }'));
    assert.equal(t.gateway.reload().kind, 'applied');
    assert.equal(await statusOf('/admin', token), 403);
    writeFileSync(t.configPath, yaml());
    assert.equal(t.gateway.reload().kind, 'applied');
  });
});

test('a WebSocket of another issuer’s token ends when its key is withdrawn', async () => {
  upstream.respond = () =>
    'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
  const es = newProviderKey('es', 'ES256');
  provider.keys.push(es);
  const client = await RawClient.open(t.port);
  const token = await provider.token({ key: es });
  client.send(
    'GET /corp HTTP/1.1',
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Authorization: Bearer ${token}`,
  );
  await client.see(/^HTTP\/1\.1 101/);
  provider.keys.pop();
  // What the next refresh would do.
  writeFileSync(t.configPath, yaml().replace('[RS256, ES256]', '[RS256]'));
  assert.equal(t.gateway.reload().kind, 'applied');
  await client.closed();
});

test('the age of each issuer’s keys is in the metrics', async () => {
  await until('the keys of both', async () => {
    const text = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    return (
      /^pi_issuer_keys_age_seconds\{issuer="corp"\} \d/m.test(text) && /\{issuer="other"\} \d/.test(text)
    );
  });
});
