// One entry under `services:` in gateway.yaml.

import { balances } from '../upstreams/balance.ts';
import { authServiceName } from './auth-service.ts';
import { readBreaker } from './read-breaker.ts';
import type { Field, NodeReader, YamlNode } from './read-node.ts';
import { readTargets } from './read-target.ts';
import { readTls } from './read-tls.ts';
import { identities, type Protocol, protocols, type Service, type Target, type Timeouts } from './route.ts';

export const serviceKeys = [
  'targets',
  'dns_refresh_ms',
  'protocol',
  'tls',
  'balance',
  'timeouts',
  'retries',
  'health',
  'breaker',
  'max_pending',
  'forward_token',
  'identity',
] as const;
export const timeoutKeys = ['connect_ms', 'headers_ms', 'idle_ms', 'total_ms', 'tunnel_idle_ms'] as const;
export const healthKeys = ['path', 'interval_ms'] as const;

const dayMs = 86_400_000;

/** Reads a service; undefined when something in it was refused. */
export function readService(reader: NodeReader, name: Field, node: YamlNode): Service | undefined {
  // As it stands there: names are no values, and routes name it in the same way.
  const id = reader.written(name.key);
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(id)) {
    reader.refuse(name.key, 'the name of a service is made of a–z, 0–9, - and _, and begins with a letter');
  }
  const what = `service ${id}`;
  const fields = reader.fields(node, serviceKeys, what);
  if (fields === undefined) return undefined;
  const get = (key: (typeof serviceKeys)[number]) => fields.get(key)?.value;
  const before = reader.problems.length;

  const targets = fields.has('targets')
    ? readTargets(reader, get('targets'), what)
    : reader.refuse(name.key, `${what} has no targets: add e.g. targets: [http://127.0.0.1:9000]`);
  const service: Service = {
    name: id,
    targets: targets ?? [],
    dnsRefreshMs: fields.has('dns_refresh_ms')
      ? (reader.whole(get('dns_refresh_ms'), 'dns_refresh_ms', 100, dayMs) ?? 3000)
      : 3000,
    protocol: readProtocol(reader, fields.get('protocol'), id, targets ?? []),
    tls: readTls(reader, fields.get('tls')),
    balance: (fields.has('balance') && reader.word(get('balance'), 'balance', balances)) || 'round_robin',
    timeouts: readTimeouts(reader, fields.get('timeouts')),
    retries: fields.has('retries') ? (reader.whole(get('retries'), 'retries', 0, 10) ?? 1) : 1,
    health: fields.has('health') ? readHealth(reader, get('health')) : undefined,
    breaker: readBreaker(reader, fields.get('breaker')),
    maxPending: fields.has('max_pending')
      ? (reader.whole(get('max_pending'), 'max_pending', 1, 1_000_000) ?? 1024)
      : 1024,
    forwardToken: fields.has('forward_token')
      ? (reader.flag(get('forward_token'), 'forward_token') ?? false)
      : false,
    identity: (fields.has('identity') && reader.word(get('identity'), 'identity', identities)) || 'headers',
  };
  return reader.problems.length === before ? Object.freeze(service) : undefined;
}

function readProtocol(
  reader: NodeReader,
  field: Field | undefined,
  service: string,
  targets: readonly Target[],
): Protocol {
  const protocol =
    field === undefined ? 'http1' : (reader.word(field.value, 'protocol', protocols) ?? 'http1');
  if (protocol === 'http1') return protocol;
  if (service === authServiceName) reader.refuse(field?.key, 'the service auth speaks HTTP/1.1');
  const isTls = ({ origin }: Target) => origin.startsWith('https:');
  if (protocol === 'h2' && !targets.every(isTls)) {
    reader.refuse(field?.key, 'protocol h2 is for https targets; without TLS it is h2c');
  } else if (protocol === 'h2c' && targets.some(isTls)) {
    reader.refuse(field?.key, 'protocol h2c is for targets without TLS; for https it is h2');
  }
  return protocol;
}

function readTimeouts(reader: NodeReader, field: Field | undefined): Timeouts {
  const fields = field === undefined ? undefined : reader.fields(field.value, timeoutKeys, 'timeouts');
  const read = (key: (typeof timeoutKeys)[number]) => {
    const given = fields?.get(key);
    return given === undefined ? undefined : reader.whole(given.value, key, 1, dayMs);
  };
  return Object.freeze({
    connectMs: read('connect_ms') ?? 1000,
    headersMs: read('headers_ms') ?? 30_000,
    idleMs: read('idle_ms') ?? 30_000,
    totalMs: read('total_ms'),
    tunnelIdleMs: read('tunnel_idle_ms') ?? 3_600_000,
  });
}

function readHealth(reader: NodeReader, node: YamlNode): Service['health'] {
  const fields = reader.fields(node, healthKeys, 'health');
  if (fields === undefined) return undefined;
  const path = reader.text(fields.get('path')?.value ?? node, 'path of health');
  if (path !== undefined && !/^\/[!-~]*$/.test(path)) {
    reader.refuse(fields.get('path')?.value ?? node, 'path of health must begin with / and hold no spaces');
  }
  const interval = fields.get('interval_ms');
  const intervalMs =
    interval === undefined ? 2000 : reader.whole(interval.value, 'interval_ms', 100, 3_600_000);
  return path === undefined || intervalMs === undefined ? undefined : { path, intervalMs };
}
