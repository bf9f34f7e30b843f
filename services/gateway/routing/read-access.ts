// `access:` of a route. Left out it is `authenticated`, by tokens of our own auth, so that nothing is open by accident.
// A role that none of the taken issuers can give would let nobody pass and is refused, as a slip of the pen.

import { ownIssuerName, readTexts } from './read-issuer.ts';
import type { NodeReader, YamlNode } from './read-node.ts';
import type { Access, Issuer } from './route.ts';

export const accessKeys = ['roles', 'roles_all', 'issuers', 'audience'] as const;
/** Of our own auth. */
export const roles = ['user', 'admin'] as const;

export function readAccess(reader: NodeReader, node: YamlNode, known: ReadonlyMap<string, Issuer>): Access {
  if (!reader.isMapping(node)) {
    const word = reader.word(node, 'access', ['public', 'optional', 'authenticated'] as const);
    return { kind: word ?? 'authenticated' };
  }
  const fields = reader.fields(node, accessKeys, 'access');
  if (fields === undefined) return { kind: 'authenticated' };
  if (fields.size === 0) reader.refuse(node, `access asks for nothing; known are ${accessKeys.join(', ')}`);
  const get = (key: (typeof accessKeys)[number]) => fields.get(key)?.value;
  const issuers = fields.has('issuers') ? readNames(reader, get('issuers'), known) : undefined;
  const audience = fields.has('audience') ? readTexts(reader, get('audience'), 'audience') : undefined;
  if (audience !== undefined && (issuers === undefined || issuers.includes(ownIssuerName))) {
    reader.refuse(get('audience'), 'audience is for other issuers: our own tokens have one, PUBLIC_URL');
  }
  const givable = rolesOf(issuers, known);
  const read = (key: 'roles' | 'roles_all') =>
    fields.has(key) ? readRoles(reader, get(key), key, givable) : undefined;
  const [any, all] = [read('roles'), read('roles_all')];
  const trust = {
    ...(issuers === undefined ? {} : { issuers }),
    ...(audience === undefined ? {} : { audience }),
  };
  // Who has all of some roles has one of them: so `roles` is never without a word.
  const roles = any ?? all;
  if (roles === undefined) return { kind: 'authenticated', ...trust };
  return { kind: 'roles', roles, ...(all === undefined ? {} : { rolesAll: all }), ...trust };
}

function readNames(
  reader: NodeReader,
  node: YamlNode,
  known: ReadonlyMap<string, Issuer>,
): readonly string[] | undefined {
  const items = reader.items(node, 'issuers');
  if (items?.length === 0) return reader.refuse(node, 'issuers is empty: nobody could pass');
  const words = [ownIssuerName, ...known.keys()];
  const names = items?.map((item) => reader.word(item, 'an issuer', words));
  return Object.freeze(names?.filter((name) => name !== undefined) ?? []);
}

/** What roles a caller can have by a token of one of these issuers. */
function rolesOf(issuers: readonly string[] = [ownIssuerName], known: ReadonlyMap<string, Issuer>): string[] {
  const given = issuers.flatMap((name) =>
    name === ownIssuerName ? [...roles] : (known.get(name)?.roles?.map ?? []).map(([, own]) => own),
  );
  return [...new Set(given)];
}

function readRoles(
  reader: NodeReader,
  node: YamlNode,
  what: string,
  givable: readonly string[],
): readonly string[] | undefined {
  const items = reader.items(node, what);
  if (items?.length === 0) return reader.refuse(node, `${what} is empty: nobody could pass`);
  if (givable.length === 0)
    return reader.refuse(node, `${what}: none of the issuers gives a role (see their roles)`);
  const named = items?.map((item) => reader.word(item, 'a role', givable));
  return Object.freeze(named?.filter((role) => role !== undefined) ?? []);
}
