import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import fc from 'fast-check';
import { assertLinear } from '../../launch/testing/assert-linear.ts';
import { parseStrictJson } from './parse-strict-json.ts';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

function assertMalformed(bytes: Buffer): void {
  assert.throws(
    () => parseStrictJson(bytes),
    (error) => error instanceof AppError && error.code === 'malformed_request',
  );
}

describe('malformed_request:', () => {
  const rows: Record<string, string | Buffer> = {
    'nothing at all': '',
    'white space alone': ' \n',
    'a member twice': '{"role":"user","role":"admin"}',
    'a member twice, once escaped': '{"role":"user","r\\u006fle":"admin"}',
    'a member twice, far inside': '[{"a":[{"b":1,"c":{},"b":2}]}]',
    '__proto__ twice': '{"__proto__":1,"__proto__":2}',
    'the empty name twice': '{"":1,"":2}',
    '33 levels': '['.repeat(33) + ']'.repeat(33),
    'a million levels': '['.repeat(1_000_000),
    'a lone high surrogate': '"\\ud800"',
    'a lone low surrogate': '"a\\uDC00b"',
    'surrogates in the wrong order': '["\\udc00\\ud800"]',
    'a lone surrogate in a name': '{"\\ud800":1}',
    'a number over the largest double': '1e400',
    'a negative number out of range': '[-1e999]',
    'a long number out of range': '9'.repeat(400),
    'a byte order mark': '\ufeff{}',
    'an overlong slash': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
    'half of a character': Buffer.from([0x22, 0xe2, 0x82, 0x22]),
    'a surrogate in UTF-8': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    'UTF-16': Buffer.from('{}', 'utf16le'),
    'an open string': '"a',
    'an open escape': '"a\\',
    'an open object': '{"a":1',
    'a comma at the end': '{"a":1,}',
    'two values': '{} {}',
    'a leading zero': '01',
    'a lone minus': '-',
    NaN: 'NaN',
    'single quotes': "{'a':1}",
    'a comment': '{}//',
    'a raw line end in a string': '"a\nb"',
    'a NUL': '"a\0b"',
    'brackets that do not match': '{"a":[}]',
  };
  for (const [name, bytes] of Object.entries(rows)) test(name, () => assertMalformed(Buffer.from(bytes)));
});

test('32 levels, equal names in different objects and surrogate pairs pass', () => {
  assert.deepEqual(parse('['.repeat(32) + ']'.repeat(32)), JSON.parse('['.repeat(32) + ']'.repeat(32)));
  assert.deepEqual(parse('[{"a":{"a":1}},{"a":2}]'), [{ a: { a: 1 } }, { a: 2 }]);
  assert.equal(parse('"\\ud83d\\ude00"'), '😀');
  assert.deepEqual(parse('{"a":["a","a"],"b":"a"}'), { a: ['a', 'a'], b: 'a' });
});

test('__proto__ is an own member and pollutes nothing', () => {
  const value = parse('{"__proto__":{"role":"admin"}}') as Record<string, unknown>;
  assert.equal(value.role, undefined);
  assert.deepEqual(Object.keys(value), ['__proto__']);
});

test('whatever JSON.stringify makes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), fc.nat(4), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), undefined, indent);
      fc.pre(JSON.parse(spaced) !== undefined && spaced.isWellFormed() && !/\\ud[89a-f]/i.test(spaced));
      assert.deepEqual(parse(spaced), JSON.parse(spaced));
    }),
  );
});

test('for any bytes the outcome is a value that JSON.parse gives too, or malformed_request', () => {
  const almostJson = fc
    .array(fc.constantFrom(...'{}[]",:\\u0d8e+-.1 truefalsn'.split(''), '"a"', '\\ud800'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(almostJson, fc.string({ unit: 'binary' })), (text) => {
      try {
        const value = parse(text);
        assert.deepEqual(value, JSON.parse(text));
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === 'malformed_request');
      }
    }),
    { numRuns: 500 },
  );
});

test('hostile JSON costs by its length, not by the square of it', () => {
  const hostile: Record<string, (size: number) => string> = {
    members: (size) => `{${Array.from({ length: size / 10 }, (_, i) => `"k${i}":0`).join(',')}}`,
    escapes: (size) => `"${'\\\\'.repeat(size / 2)}"`,
    numbers: (size) => `[${'1'.repeat(300)}${',1'.repeat(size / 2)}]`,
    'an open string': (size) => '"\\'.repeat(size / 2),
    'an open number': (size) => '9e'.repeat(size / 2),
    'open objects': (size) => '{"a":'.repeat(size / 5),
  };
  for (const [what, make] of Object.entries(hostile)) {
    assertLinear(what, 500_000, (size) => {
      try {
        parse(make(size));
      } catch (error) {
        assert.ok(error instanceof AppError);
      }
    });
  }
});
