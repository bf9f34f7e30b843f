// What bounds the use of one route: how often (`rate_limit`), how much at once (`concurrency`).

import type { NodeReader, YamlNode } from './read-node.ts';
import type { Concurrency, RateLimit } from './route.ts';

export const rateLimitKeys = ['limit', 'by', 'header'] as const;
export const concurrencyKeys = ['route', 'caller'] as const;

const headerName = /^[a-z0-9-]{1,64}$/;

/** `100/60`, or a mapping that says by what it is counted. The names of limits are filled in by load-config. */
export function readRateLimit(reader: NodeReader, node: YamlNode): RateLimit | undefined {
  if (!reader.isMapping(node)) return readRate(reader, node, 'rate_limit', { by: 'user' });
  const fields = reader.fields(node, rateLimitKeys, 'rate_limit');
  if (fields === undefined) return undefined;
  const get = (key: (typeof rateLimitKeys)[number]) => fields.get(key)?.value;
  const by = fields.has('by')
    ? (reader.word(get('by'), 'by', ['user', 'ip', 'header'] as const) ?? 'user')
    : 'user';
  const header = fields.has('header') ? reader.text(get('header'), 'header')?.toLowerCase() : undefined;
  if ((by === 'header') !== fields.has('header')) {
    reader.refuse(node, 'rate_limit needs by: header and header: its name together');
  } else if (header !== undefined && !headerName.test(header)) {
    reader.refuse(get('header'), `${header} is no name of a header`);
  }
  if (!fields.has('limit')) return reader.refuse(node, 'rate_limit needs a limit, e.g. limit: 100/60');
  return readRate(reader, get('limit'), 'limit', header === undefined ? { by } : { by, header });
}

function readRate(
  reader: NodeReader,
  node: YamlNode,
  what: string,
  counted: Pick<RateLimit, 'by' | 'header'>,
): RateLimit | undefined {
  const text = reader.text(node, what);
  if (text === undefined) return undefined;
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  const count = Number(match?.[1]);
  const periodSeconds = Number(match?.[2]);
  if (!(count >= 1 && count <= 1_000_000 && periodSeconds >= 1 && periodSeconds <= 86_400 * 366)) {
    return reader.refuse(node, `${what} must be count/seconds such as 100/60`);
  }
  return { name: 'route', count, periodSeconds, ...counted };
}

export function readConcurrency(reader: NodeReader, node: YamlNode): Concurrency | undefined {
  const fields = reader.fields(node, concurrencyKeys, 'concurrency');
  if (fields === undefined) return undefined;
  const read = (key: (typeof concurrencyKeys)[number]) => {
    const field = fields.get(key);
    return field === undefined ? undefined : reader.whole(field.value, key, 1, 1_000_000);
  };
  if (fields.size === 0) return reader.refuse(node, 'concurrency needs route, caller, or both');
  return Object.freeze({ name: 'route', route: read('route'), caller: read('caller') });
}
