import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertLinear } from '../../../launch/testing/assert-linear.ts';
import { readCanonicalPath } from './canonical-path.ts';

describe('refused, for services would disagree about the place:', () => {
  const classes: Record<string, readonly string[]> = {
    'dot segments': ['/a/../b', '/..', '/../', '/.', '/./a', '/a/.', '/a/..', '/a/..?x', '/../../etc/passwd'],
    'escaped dot segments': [
      '/%2e%2e/a',
      '/.%2e/a',
      '/%2E./a',
      '/a/%2e',
      '/a/%2e%2e',
      '/%2e%2e%2fa',
      '/a%2f..%2fb',
    ],
    'dot segments with something behind': [
      '/..%20/a',
      '/%20..',
      '/.%20',
      '/..%3f',
      '/..%23/a',
      '/..%3b/a',
      '/%2e%2e%3B/a',
    ],
    parameters: ['/..;/a', '/..;x=1/a', '/.;/a', '/%2e%2e;/a', '/a;v=1', '/admin;/users', '/;/a', '/a;/../b'],
    backslashes: ['/a\\b', '/a\\..\\b', '/a%5cb', '/a%5C..%5cb', '/..%5c', '/..\\'],
    'control characters': [
      '/a\0',
      '/a%00',
      '/a%0d%0aX: y',
      '/a%0a',
      '/a%1f',
      '/a%7f',
      '/a\x7f',
      '/a\tb',
      '/%c2%80',
    ],
    'broken escapes': ['/%', '/%2', '/%zz', '/a%', '/%u002e', '/%-1', '/a%2 e'],
    'double escapes': [
      '/%252e%252e/a',
      '/a%252fb',
      '/%2525',
      '/%25%32%65',
      '/%%32%65',
      '/a%255c',
      '/%25u002e',
    ],
    'overlong and invalid UTF-8': ['/%c0%ae/a', '/%c0%af', '/%e0%80%af', '/%f0%80%80%af', '/%ff', '/%c3%28'],
    'surrogates and beyond Unicode': ['/%ed%a0%80', '/%f4%90%80%80', '/%c3'],
    'raw characters beyond ASCII, spaces': ['/é', '/\u202e', '/a b'],
    'empty segments': ['//', '//a', '/a//b', '/a//', '//evil.example/x', '///'],
    fragments: ['/a#b', '/#', '/a?b#c'],
    'raw characters in the query': ['/a?b c', '/a?\x01', '/a?é', '/a?b\tc', '/a?\0'],
    'targets that are no path': [
      '',
      '*',
      'a',
      '?a',
      'http://a/b',
      'HTTP://a',
      'a:80',
      '.',
      '..',
      '\\a',
      '%2f',
    ],
  };
  for (const [name, targets] of Object.entries(classes)) {
    test(name, () => {
      for (const target of targets) assert.equal(readCanonicalPath(target).kind, 'refused', target);
    });
  }
});

describe('passed, in one spelling:', () => {
  const rows: readonly (readonly [target: string, path: string, query?: string])[] = [
    ['/', '/'],
    ['/a', '/a'],
    ['/a/', '/a/'],
    ['/a/b/c', '/a/b/c'],
    ['/...', '/...'],
    ['/a/.../b', '/a/.../b'],
    ['/..a/b..', '/..a/b..'],
    ['/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['/.%61', '/.a'],
    ['/a%2eb', '/a.b'],
    ['/%7euser/%41%2d%5f', '/~user/A-_'],
    ['/a%3ab%40c', '/a%3Ab%40c'],
    ['/a%3bb', '/a%3Bb'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/100%25', '/100%25'],
    ['/100%25-sure', '/100%25-sure'],
    ['/a%20b', '/a%20b'],
    ['/a!$&\'()*+,=:@[]|^`{}"<>', '/a!$&\'()*+,=:@[]|^`{}"<>'],
    ['/a?', '/a', '?'],
    ['/a?b=c&d=%zz%2e%2e/../;//\\', '/a', '?b=c&d=%zz%2e%2e/../;//\\'],
    ['/?a?b', '/', '?a?b'],
  ];
  for (const [target, path, query = ''] of rows) {
    test(JSON.stringify(target), () =>
      assert.deepEqual(readCanonicalPath(target), { kind: 'path', path, query, hasEncodedSlash: false }),
    );
  }

  test('an escaped semicolon is data, in one spelling, but never beside a dot segment', () => {
    for (const target of ['/admin%3bx/users', '/admin%3Bx/users']) {
      const path = '/admin%3Bx/users';
      assert.deepEqual(readCanonicalPath(target), { kind: 'path', path, query: '', hasEncodedSlash: false });
    }
    for (const target of ['/..%3b/a', '/.%3Bx/a', '/%2e%2e%3Bx=1/a'])
      assert.equal(readCanonicalPath(target).kind, 'refused', target);
  });

  test('encoded slashes are told to the caller, who knows the route', () => {
    for (const target of ['/a%2fb', '/a%2Fb', '/id/https%3A%2F%2Fexample.com']) {
      const result = readCanonicalPath(target);
      assert.ok(result.kind === 'path' && result.hasEncodedSlash);
      assert.equal(result.path, target.replace('%2f', '%2F'));
    }
  });
});

const pieces =
  '/ / . .. ... %2e %2E %2f %2F %5c \\ ; %3b %25 %32 %65 2e 2f a admin %61 % %c0%ae %c3%a9 %00 %20 ? # %3f %23 é : %u002e';
const piece = fc.constantFrom(' ', ...pieces.split(' '));
const target = fc.oneof(
  fc.array(piece, { maxLength: 10 }).map((parts) => `/${parts.join('')}`),
  fc.string({ unit: 'binary-ascii' }).map((text) => `/${text}`),
);

/** Decodes as the most lenient server does: whatever is an escape, byte by byte, and leaves the rest. */
function decodeLeniently(path: string): string {
  return path.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_all, wide: string | undefined, byte: string) =>
    String.fromCharCode(Number.parseInt(wide ?? byte, 16)),
  );
}

test('no accepted path holds a dot segment, however often and however a service decodes it', () => {
  fc.assert(
    fc.property(target, (text) => {
      const result = readCanonicalPath(text);
      if (result.kind === 'refused') return;
      for (let path = result.path, round = 0; round < 4; path = decodeLeniently(path), round++) {
        const segments = path.split(/[?#]/)[0]!.split(/[/\\]/);
        for (const segment of segments) assert.doesNotMatch(segment.split(';')[0]!.trim(), /^\.\.?$/);
      }
    }),
    { numRuns: 3000 },
  );
});

test('the canonical path is its own canonical path, and it is printable ASCII', () => {
  fc.assert(
    fc.property(target, (text) => {
      const result = readCanonicalPath(text);
      if (result.kind === 'refused') return;
      assert.deepEqual(readCanonicalPath(result.path + result.query), result);
      assert.match(result.path, /^\/[!-~]*$/);
    }),
    { numRuns: 2000 },
  );
});

test('a path means the same before and after', () => {
  fc.assert(
    fc.property(target, (text) => {
      const result = readCanonicalPath(text);
      if (result.kind === 'refused') return;
      assert.equal(decodeURIComponent(result.path), decodeURIComponent(text.split('?')[0]!));
    }),
    { numRuns: 2000 },
  );
});

test('a long hostile path is judged in linear time', () => {
  const hostile: Record<string, (size: number) => string> = {
    'encoded dots': (size) => `/${'%2e'.repeat(size)}`,
    'a dot segment at the end': (size) => `${'/a'.repeat(size)}/..`,
    'encoded percent signs': (size) => `/${'%25'.repeat(size)}`,
    slashes: (size) => '/'.repeat(size),
  };
  for (const [what, make] of Object.entries(hostile)) {
    assertLinear(what, 100_000, (size) => void readCanonicalPath(make(size)));
  }
});
