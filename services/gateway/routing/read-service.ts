// One entry under `services:` in gateway.yaml.

import type { Field, NodeReader, YamlNode } from './read-node.ts';
import type { Service, Timeouts } from './route.ts';

export const serviceKeys = [
  'targets',
  'balance',
  'timeouts',
  'retries',
  'health',
  'max_pending',
  'forward_token',
] as const;
export const timeoutKeys = ['connect_ms', 'headers_ms', 'idle_ms', 'tunnel_idle_ms'] as const;
export const healthKeys = ['path', 'interval_ms'] as const;

const dayMs = 86_400_000;

/** Reads a service; undefined when something in it was refused. */
export function readService(reader: NodeReader, name: Field, node: YamlNode): Service | undefined {
  const id = reader.text(name.key, 'the name of a service');
  if (id !== undefined && !/^[a-z][a-z0-9_-]{0,62}$/.test(id)) {
    reader.refuse(name.key, 'the name of a service is made of a–z, 0–9, - and _, and begins with a letter');
  }
  const what = `service ${id}`;
  const fields = reader.fields(node, serviceKeys, what);
  if (fields === undefined || id === undefined) return undefined;
  const get = (key: (typeof serviceKeys)[number]) => fields.get(key)?.value;
  const before = reader.problems.length;

  const targets = fields.has('targets')
    ? readTargets(reader, get('targets'), what)
    : reader.refuse(name.key, `${what} has no targets: add e.g. targets: [http://127.0.0.1:9000]`);
  const service: Service = {
    name: id,
    targets: targets ?? [],
    balance:
      (fields.has('balance') &&
        reader.word(get('balance'), 'balance', ['round_robin', 'least_pending'] as const)) ||
      'round_robin',
    timeouts: readTimeouts(reader, fields.get('timeouts')),
    retries: fields.has('retries') ? (reader.whole(get('retries'), 'retries', 0, 10) ?? 1) : 1,
    health: fields.has('health') ? readHealth(reader, get('health')) : undefined,
    maxPending: fields.has('max_pending')
      ? (reader.whole(get('max_pending'), 'max_pending', 1, 1_000_000) ?? 1024)
      : 1024,
    forwardToken: fields.has('forward_token')
      ? (reader.flag(get('forward_token'), 'forward_token') ?? false)
      : false,
  };
  return reader.problems.length === before ? Object.freeze(service) : undefined;
}

function readTargets(reader: NodeReader, node: YamlNode, what: string): string[] | undefined {
  const items = reader.items(node, `targets of ${what}`);
  if (items === undefined) return undefined;
  if (items.length === 0) return reader.refuse(node, `${what} needs at least one target`);
  const targets: string[] = [];
  for (const item of items) {
    const text = reader.text(item, 'a target');
    if (text === undefined) continue;
    const target = readOrigin(text);
    if (target === undefined) {
      reader.refuse(item, `a target is an http or https origin such as http://10.0.0.5:9000, not ${text}`);
    } else if (targets.includes(target)) reader.refuse(item, `the target ${target} stands here twice`);
    else targets.push(target);
  }
  return targets;
}

/** An origin without path, query, fragment and credentials; undefined for anything else. */
function readOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return undefined;
  const bare =
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  return bare ? url.origin : undefined;
}

function readTimeouts(reader: NodeReader, field: Field | undefined): Timeouts {
  const fields = field === undefined ? undefined : reader.fields(field.value, timeoutKeys, 'timeouts');
  const read = (key: (typeof timeoutKeys)[number], fallback: number) => {
    const given = fields?.get(key);
    return given === undefined ? fallback : (reader.whole(given.value, key, 1, dayMs) ?? fallback);
  };
  return Object.freeze({
    connectMs: read('connect_ms', 1000),
    headersMs: read('headers_ms', 30_000),
    idleMs: read('idle_ms', 30_000),
    tunnelIdleMs: read('tunnel_idle_ms', 3_600_000),
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
