import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';

test('members are sorted by code units, at every depth, and nothing stands between', () => {
  // The example of RFC 8785 section 3.2.3: code units, not code points (U+1F600 before U+FB33).
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': { b: [true, { d: null, c: false }], a: '' },
    '\u{1f600}': 5,
    '\u0080': 6,
    '\u00f6': 7,
  };
  assert.equal(
    canonicalJson(value),
    '{"\\r":2,"1":{"a":"","b":[true,{"c":false,"d":null}]},"\u0080":6,"ö":7,"€":1,"\u{1f600}":5,"\ufb33":3}',
  );
});

test('numbers and strings are written as ECMAScript writes them', () => {
  // RFC 8785 section 3.2.2 and appendix B.
  assert.equal(
    canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0, 9007199254740994, 5e-324]),
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0,9007199254740994,5e-324]',
  );
  assert.equal(
    canonicalJson('€$\u000f\nA\'B"\\\\"/\u2028\u007f'),
    '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u2028\u007f"',
  );
});

test('what JSON cannot hold is refused, and a member without a value is none', () => {
  assert.equal(canonicalJson({ a: undefined, b: 1 }), '{"b":1}');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, [undefined]]) {
    assert.throws(() => canonicalJson(value), TypeError);
  }
});
