import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readCanonicalPath } from './canonical-path.ts';
import { parsePattern } from './path-pattern.ts';
import { compileTargetPath, parseRewrite } from './target-path.ts';

type Rule = Partial<Parameters<typeof compileTargetPath>[0]> & { readonly path: string };

function targetOf(rule: Rule, path: string): string {
  const route = { stripPrefix: '', rewrite: undefined, ...rule } as Parameters<typeof compileTargetPath>[0];
  return compileTargetPath(route)(path);
}

describe('the path for the service', () => {
  const rows: readonly (readonly [rule: Rule, path: string, target: string])[] = [
    [{ path: '/a/*' }, '/a/b/', '/a/b/'],
    [{ path: '/api/*', stripPrefix: '/api' }, '/api/x/', '/x/'],
    [{ path: '/api/*', stripPrefix: '/api' }, '/api', '/'],
    [{ path: '/api/*', stripPrefix: '/api' }, '/api/', '/'],
    [{ path: '/o/{id}', rewrite: '/v2/orders/{id}' }, '/o/7', '/v2/orders/7'],
    [{ path: '/{a}/{b}', rewrite: '/{b}/x/{a}' }, '/1/2', '/2/x/1'],
    [{ path: '/{a}/{b}', rewrite: '/{b}' }, '/1/%2E%2e%2F..%3B', '/%2E%2e%2F..%3B'],
    [{ path: '/t/{t}/*', rewrite: '/{t}/*' }, '/t/acme', '/acme'],
    [{ path: '/t/{t}/*', rewrite: '/{t}/*' }, '/t/acme/', '/acme/'],
    [{ path: '/t/{t}/*', rewrite: '/{t}/v/*' }, '/t/acme/x/y/', '/acme/v/x/y/'],
    [{ path: '/old/*', rewrite: '/*' }, '/old', '/'],
    [{ path: '/old/*', rewrite: '/*' }, '/old/', '/'],
    [{ path: '/old/*', rewrite: '/*' }, '/old/a', '/a'],
    [{ path: '/*', rewrite: '/new/*' }, '/', '/new/'],
    [{ path: '/app/*', rewrite: '/index.html' }, '/app/any/thing', '/index.html'],
    [{ path: '/a', rewrite: '/b/' }, '/a', '/b/'],
  ];
  for (const [rule, path, target] of rows) {
    test(`${path} of ${JSON.stringify(rule)} is ${target}`, () => assert.equal(targetOf(rule, path), target));
  }
});

test('a rewrite that the path does not carry is refused, with the name that was meant', () => {
  const reason = (path: string, rewrite: string) => {
    const pattern = parsePattern(path);
    assert.equal(pattern.kind, 'pattern');
    const parsed = pattern.kind === 'pattern' ? parseRewrite(rewrite, pattern) : pattern;
    return parsed.kind === 'refused' ? parsed.reason : undefined;
  };
  assert.equal(reason('/o/{order}', '/x/{ordre}'), '{ordre} is not named in the path; did you mean {order}?');
  assert.match(reason('/o/{id}', '/x/*')!, /does not end in/);
  assert.match(reason('/o/{id}', 'x/{id}')!, /must begin with/);
  assert.match(reason('/o/{id}', '/x/../{id}')!, /dot segment/);
  assert.match(reason('/o/{id}', '/x/a{id}')!, /written like/);
  assert.match(reason('/o/*', '/x/%2e')!, /no canonical path/);
  assert.match(reason('/o/*', '/x?y')!, /no canonical path/);
});

const piece = fc.oneof(
  fc.constantFrom(
    'a',
    '...',
    '.a',
    '%2F',
    'a%2Fb',
    '%25',
    '%20',
    '..a',
    '%3B',
    '%5c',
    '..%2f',
    '%2e',
    '..',
    '',
    ';',
    '%252e',
  ),
  fc.string({ unit: fc.constantFrom(...'ab.%25eEfF/'.split('')), maxLength: 5 }),
);
const hostile = fc.array(piece, { minLength: 3, maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
const rewrites = ['/{b}/{a}', '/x/{b}', '/{a}/x/*', '/{b}/*', '/*', '/{a}', '/x/*', '/{b}/y/{a}/*'];

test('for all canonical paths and rewrites: the result is canonical, and each captured segment is still one', () => {
  let compared = 0;
  fc.assert(
    fc.property(hostile, fc.constantFrom(...rewrites), (text, rewrite) => {
      const read = readCanonicalPath(text);
      if (read.kind === 'refused') return;
      const [, a = '', b = '', ...rest] = read.path.split('/');
      if (a === '' || b === '') return;
      const target = targetOf({ path: '/{a}/{b}/*', rewrite }, read.path);
      const again = readCanonicalPath(target);
      assert.ok(again.kind === 'path', target);
      assert.equal(again.path, target);
      const expected = rewrite
        .split('/')
        .flatMap((part) => (part === '*' ? rest : [part.replace('{a}', () => a).replace('{b}', () => b)]));
      assert.equal(target, expected.join('/') || '/');
      compared += 1;
    }),
    { numRuns: 5000 },
  );
  assert.ok(compared > 300, `only ${compared} paths were canonical`);
});
