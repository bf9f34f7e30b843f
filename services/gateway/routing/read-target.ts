// The targets of a service in gateway.yaml: an origin as plain text, or with its weight.

import { originOf, readPlace } from '../upstreams/place.ts';
import type { NodeReader, YamlNode } from './read-node.ts';
import type { Target } from './route.ts';

export const targetKeys = ['url', 'weight'] as const;
const weightMax = 1000;

/** undefined when the list itself was refused. */
export function readTargets(reader: NodeReader, node: YamlNode, what: string): Target[] | undefined {
  const items = reader.items(node, `targets of ${what}`);
  if (items === undefined) return undefined;
  if (items.length === 0) return reader.refuse(node, `${what} needs at least one target`);
  const targets: Target[] = [];
  for (const item of items) {
    const target = readTarget(reader, item);
    if (target === undefined) continue;
    const { origin } = target;
    if (targets.some((other) => other.origin === origin)) {
      reader.refuse(item, `the target ${origin} stands here twice; a weight makes its share larger`);
    } else targets.push(target);
  }
  return targets;
}

function readTarget(reader: NodeReader, node: YamlNode): Target | undefined {
  const fields = reader.isMapping(node) ? reader.fields(node, targetKeys, 'a target') : undefined;
  if (reader.isMapping(node) && fields?.has('url') !== true) {
    return reader.refuse(
      node,
      'a target with a weight needs its url, e.g. { url: http://10.0.0.5:9000, weight: 3 }',
    );
  }
  const urlNode = fields === undefined ? node : fields.get('url')?.value;
  const text = reader.text(urlNode, 'a target');
  if (text === undefined) return undefined;
  const place = readPlace(text);
  if (place === undefined) {
    return reader.refuse(
      urlNode,
      `a target is an http or https origin such as http://10.0.0.5:9000, not ${reader.written(urlNode)}; a unix socket is http+unix:/path`,
    );
  }
  const given = fields?.get('weight');
  const weight = given === undefined ? 1 : reader.whole(given.value, 'weight', 1, weightMax);
  return weight === undefined ? undefined : Object.freeze({ origin: originOf(place), weight });
}
