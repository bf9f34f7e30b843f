import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { authSettings } from '../../services/auth/auth-settings.ts';
import { gatewaySettings } from '../../services/gateway/config.ts';

type Service = {
  readonly image: string;
  readonly build?: { readonly args?: Record<string, string> };
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: string[];
  readonly security_opt: string[];
  readonly ports?: string[];
  readonly networks?: string[] | Record<string, { ipv4_address?: string } | null>;
  readonly volumes?: string[];
  readonly environment?: Record<string, string>;
  readonly healthcheck?: { readonly test: string[] };
  readonly depends_on?: Record<string, { readonly condition: string }>;
};
type Compose = {
  readonly services: Record<string, Service>;
  readonly networks: Record<string, { internal?: boolean } | null>;
  readonly volumes: Record<string, unknown>;
};

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'compose.yaml'), 'utf8');
const compose = parse(text, { merge: true, uniqueKeys: true }) as Compose;
const services = Object.entries(compose.services);

// Of the Compose specification: what stands in the file has to be one of these.
const serviceKeys = [
  'build',
  'image',
  'user',
  'read_only',
  'cap_drop',
  'security_opt',
  'restart',
  'logging',
  'init',
  'tmpfs',
  'stop_grace_period',
  'stop_signal',
  'command',
  'network_mode',
  'environment',
  'volumes',
  'ports',
  'networks',
  'depends_on',
  'healthcheck',
  'shm_size',
];

test('every container runs without root, without capabilities, on a read-only file system', () => {
  for (const [name, service] of services) {
    assert.deepEqual(
      Object.keys(service).filter((key) => !serviceKeys.includes(key)),
      [],
      name,
    );
    assert.equal(service.read_only, true, name);
    assert.deepEqual([service.cap_drop, service.security_opt], [['ALL'], ['no-new-privileges:true']], name);
    assert.ok(service.user !== undefined && !/^(0|root)\b/.test(service.user), name);
    assert.ok(service.build !== undefined || /^[a-z]+:\d+$/.test(service.image), `${name} is not pinned`);
  }
});

test('only the entrance is published to the world; auth and the gateway on loopback; the rest not at all', () => {
  const published = Object.fromEntries(services.map(([name, { ports }]) => [name, ports ?? []]));
  assert.deepEqual(published, {
    secrets: [],
    nginx: ['${ENTRY_PORT:-8080}:8080'],
    gateway: ['127.0.0.1:${GATEWAY_PORT:-8001}:8001'],
    auth: ['127.0.0.1:${AUTH_PORT:-8000}:8000'],
    postgres: [],
    redis: [],
  });
});

const networksOf = (service: Service | undefined) =>
  Array.isArray(service?.networks) ? service.networks : Object.keys(service?.networks ?? {});

test('the gateway and the entrance cannot reach the database, and the database cannot reach the world', () => {
  const members = (network: string) =>
    services.filter(([, service]) => networksOf(service).includes(network)).map(([name]) => name);
  assert.deepEqual(members('database'), ['auth', 'postgres']);
  assert.deepEqual(members('cache'), ['gateway', 'auth', 'redis']);
  assert.deepEqual(members('entry'), ['nginx', 'gateway']);
  assert.deepEqual(
    [compose.networks['database']?.internal, compose.networks['cache']?.internal],
    [true, true],
  );
});

test('the gateway believes forwarding headers of the one address that nginx has', () => {
  const { nginx, gateway } = compose.services;
  const addressOf = (service: Service | undefined) =>
    Array.isArray(service?.networks) ? undefined : service?.networks?.['entry']?.ipv4_address;
  assert.equal(gateway?.environment?.['TRUSTED_PROXIES'], addressOf(nginx));
  assert.equal(nginx?.build?.args?.['GATEWAY_ADDRESS'], `${addressOf(gateway)}:8001`);
  assert.equal(compose.services['auth']?.environment?.['TRUSTED_PROXIES'], undefined);
});

test('every setting is one that its service knows', () => {
  const tables = { auth: authSettings, gateway: gatewaySettings };
  for (const [name, table] of Object.entries(tables)) {
    const known = Object.values(table).flatMap((setting) => [setting.name, `${setting.name}_FILE`]);
    for (const key of Object.keys(compose.services[name]?.environment ?? {})) {
      assert.ok(known.includes(key), `${name}: ${key}`);
    }
  }
});

test('.env.example holds exactly the names that the file uses, and its defaults are the same', () => {
  const used = new Map(
    [...text.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const example = readFileSync(join(root, '.env.example'), 'utf8');
  const given = new Map(
    [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  assert.deepEqual([...given.keys()].toSorted(), [...used.keys()].toSorted());
  for (const [name, value] of used) {
    if (value !== '') assert.equal(given.get(name), value, name);
  }
  for (const name of ['MASTER_KEY', 'ADMIN_PASSWORD', 'SMTP_URL']) assert.equal(given.get(name), '', name);
});

test('whoever is waited for has a health check or ends, and every volume and network is declared', () => {
  for (const [name, service] of services) {
    if (name !== 'secrets') assert.ok(service.healthcheck !== undefined, name);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const expected = other === 'secrets' ? 'service_completed_successfully' : 'service_healthy';
      assert.equal(condition, expected, `${name} waits for ${other}`);
    }
    for (const network of networksOf(service)) assert.ok(network in compose.networks, network);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      assert.ok(source.startsWith('./') || source in compose.volumes, volume);
    }
  }
});
