// One entry under `issuers:` in gateway.yaml: another provider whose tokens routes may take. Everything that makes a
// token hold is written down: who issued it, for whom, with which algorithms, and what its roles mean here.

import { algorithms } from '../issuers/algorithms.ts';
import { isSafeUrl } from '../issuers/fetch-keys.ts';
import type { Field, NodeReader, YamlNode } from './read-node.ts';
import type { Issuer } from './route.ts';

export const issuerKeys = ['issuer', 'jwks_uri', 'algorithms', 'audience', 'roles'] as const;
export const issuerRoleKeys = ['claim', 'map'] as const;
/** How routes name our own auth. */
export const ownIssuerName = 'own';

const nameForm = /^[a-z][a-z0-9_-]{0,30}$/;
const roleForm = /^[a-z][a-z0-9_-]{0,62}$/;
const listMax = 64;

/** Reads an issuer; undefined when something in it was refused. */
export function readIssuer(reader: NodeReader, name: Field, node: YamlNode): Issuer | undefined {
  const id = reader.written(name.key);
  if (id === ownIssuerName) return reader.refuse(name.key, 'own is the name of our own auth');
  if (!nameForm.test(id)) {
    reader.refuse(name.key, 'the name of an issuer is made of a–z, 0–9, - and _, and begins with a letter');
  }
  const what = `issuer ${id}`;
  const fields = reader.fields(node, issuerKeys, what);
  if (fields === undefined) return undefined;
  const before = reader.problems.length;
  const need = <T>(key: (typeof issuerKeys)[number], read: (node: YamlNode) => T, why: string) => {
    const field = fields.get(key);
    return field === undefined ? reader.refuse(name.key, `${what} needs ${key}: ${why}`) : read(field.value);
  };
  const issuer: Issuer = {
    name: id,
    issuer: need('issuer', (one) => readUrl(reader, one, 'issuer'), 'what its tokens say in iss') ?? '',
    jwksUri: fields.has('jwks_uri') ? readUrl(reader, fields.get('jwks_uri')?.value, 'jwks_uri') : undefined,
    algorithms:
      need('algorithms', (one) => readWords(reader, one), `one or more of ${algorithms.join(', ')}`) ?? [],
    audiences:
      need('audience', (one) => readTexts(reader, one, 'audience'), 'whom its tokens must be for') ?? [],
    roles: fields.has('roles') ? readRoles(reader, fields.get('roles')?.value) : undefined,
  };
  return reader.problems.length === before ? Object.freeze(issuer) : undefined;
}

function readUrl(reader: NodeReader, node: YamlNode, what: string): string | undefined {
  const text = reader.text(node, what);
  if (text === undefined || (isSafeUrl(text) && !/[?#]/.test(text))) return text;
  return reader.refuse(node, `${what} must be an https URL without query (http only to this machine)`);
}

function readWords(reader: NodeReader, node: YamlNode): Issuer['algorithms'] | undefined {
  const items = reader.items(node, 'algorithms');
  if (items?.length === 0) return reader.refuse(node, 'algorithms is empty: no token could hold');
  const words = items?.map((item) => reader.word(item, 'an algorithm', algorithms));
  return words?.filter((word) => word !== undefined);
}

/** One text, or a list of them. */
export function readTexts(reader: NodeReader, node: YamlNode, what: string): readonly string[] | undefined {
  const items = reader.isList(node) ? reader.items(node, what) : [node];
  if (items === undefined) return undefined;
  if (items.length === 0 || items.length > listMax)
    return reader.refuse(node, `${what} has no entry, or too many`);
  const texts = items.map((item) => reader.text(item, what)).filter((text) => text !== undefined);
  if (texts.includes('')) reader.refuse(node, `${what} must not be empty`);
  return texts;
}

function readRoles(reader: NodeReader, node: YamlNode): Issuer['roles'] {
  const fields = reader.fields(node, issuerRoleKeys, 'roles');
  if (fields === undefined) return undefined;
  const claim = fields.has('claim') ? readTexts(reader, fields.get('claim')?.value, 'claim') : undefined;
  const map = fields.has('map') ? reader.entries(fields.get('map')?.value, 'map') : undefined;
  if (claim === undefined || map === undefined) {
    if (!fields.has('claim') || !fields.has('map')) {
      reader.refuse(node, 'roles needs claim (where they stand) and map (what they mean here)');
    }
    return undefined;
  }
  const pairs: (readonly [string, string])[] = [];
  for (const [theirs, { value }] of map) {
    const own = reader.text(value, 'a role');
    if (own === undefined) continue;
    if (roleForm.test(own)) pairs.push([theirs, own]);
    else reader.refuse(value, 'a role is made of a–z, 0–9, - and _, and begins with a letter');
  }
  return { claim, map: pairs };
}
