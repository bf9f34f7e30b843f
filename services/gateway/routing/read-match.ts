// What a route asks of a request beside its path: hosts, methods, header fields.

import { headerKind, headerKindOf } from '../proxy/header-kinds.ts';
import type { HeaderCondition } from './header-condition.ts';
import { formatHostPattern, parseHostPattern } from './host-pattern.ts';
import type { NodeReader, YamlNode } from './read-node.ts';
import { routeMethods } from './route.ts';

/** One host or a list of them. */
export function readHosts(reader: NodeReader, node: YamlNode): string[] {
  const items = reader.isSequence(node) ? reader.items(node, 'host') : [node];
  if (items?.length === 0) reader.refuse(node, 'host is empty; leave it out for all hosts');
  const hosts: string[] = [];
  for (const item of items ?? []) {
    const text = reader.text(item, 'host');
    if (text === undefined) continue;
    const pattern = parseHostPattern(text);
    if (pattern.kind === 'refused') {
      reader.refuse(item, `host ${reader.written(item)} ${pattern.reason}`);
      continue;
    }
    const host = formatHostPattern(pattern);
    if (hosts.includes(host)) reader.refuse(item, `the host ${host} stands here twice`);
    else hosts.push(host);
  }
  return hosts;
}

export function readMethods(reader: NodeReader, node: YamlNode): string[] | undefined {
  const items = reader.items(node, 'methods');
  if (items === undefined) return undefined;
  if (items.length === 0) return reader.refuse(node, 'methods is empty; leave it out to allow all');
  const methods: string[] = [];
  for (const item of items) {
    const method = reader.word(item, 'a method', routeMethods);
    if (method !== undefined && methods.includes(method)) reader.refuse(item, `${method} stands here twice`);
    else if (method !== undefined) methods.push(method);
  }
  return methods;
}

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const fieldValue = /^[!-~](?:[ -~]{0,254}[!-~])?$/;
const anyValue = '*';

/** `name: value`, or `name: "*"` for any value; in the order of their names. */
export function readHeaderConditions(reader: NodeReader, node: YamlNode): HeaderCondition[] {
  const conditions: HeaderCondition[] = [];
  const entries = reader.entries(node, 'headers');
  if (entries?.size === 0) reader.refuse(node, 'headers is empty; leave it out to ask for none');
  for (const [written, { key, value }] of entries ?? []) {
    const name = written.toLowerCase();
    const text = reader.text(value, `the value of ${written}`);
    if (!fieldName.test(written)) reader.refuse(key, `${JSON.stringify(written)} is no name of a header`);
    else if (name === 'host') reader.refuse(key, 'the host of a route stands under host');
    else if (headerKindOf(name) !== headerKind.pass) {
      reader.refuse(key, `${written} decides nothing: a client\u2019s word in it goes no further`);
    } else if (conditions.some((one) => one.name === name)) {
      reader.refuse(key, `the header ${name} stands here twice`);
    } else if (text !== undefined && !fieldValue.test(text)) {
      reader.refuse(value, `the value of ${written} must be printable ASCII without spaces around it`);
    } else if (text !== undefined) {
      conditions.push({ name, value: text === anyValue ? undefined : text });
    }
  }
  return conditions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
