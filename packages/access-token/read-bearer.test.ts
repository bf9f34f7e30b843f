import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertLinear } from '../../launch/testing/assert-linear.ts';
import { readBearer } from './read-bearer.ts';

const read = (...values: string[]) => readBearer(values.flatMap((value) => ['Authorization', value]));

describe('a token', () => {
  test('is read with the scheme and the header name in any case', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      for (const name of ['authorization', 'Authorization', 'AUTHORIZATION']) {
        const headers = ['host', 'x', name, `${scheme} a.b.c`, 'accept', '*/*'];
        assert.deepEqual(readBearer(headers), { kind: 'token', token: 'a.b.c' });
      }
    }
  });

  test('after more than one space, or a tab, is no token that a verifier accepts', () => {
    assert.deepEqual(read('Bearer  a'), { kind: 'token', token: ' a' });
    assert.deepEqual(read('Bearer\ta'), { kind: 'token', token: '\ta' });
    assert.deepEqual(read('Bearer a b'), { kind: 'token', token: 'a b' });
  });

  test('is not read from a value of another header', () => {
    assert.deepEqual(readBearer(['x', 'authorization', 'authorization', 'Bearer a']), {
      kind: 'token',
      token: 'a',
    });
    assert.deepEqual(readBearer(['proxy-authorization', 'Bearer a']), { kind: 'none' });
  });
});

test('no header, another scheme, or a scheme without a token is none', () => {
  assert.deepEqual(readBearer([]), { kind: 'none' });
  for (const value of [
    '',
    'Bearer',
    'Bearer ',
    'Basic dTpw',
    'Bearerx a',
    'Bearer=a',
    'Token Bearer',
    'a.b.c',
    'Digest username="a", realm="b, Bearer c", nonce="d", qop=auth',
  ]) {
    assert.deepEqual(read(value), { kind: 'none' }, value);
  }
});

test('two headers are a duplicate, whatever stands in them', () => {
  assert.deepEqual(read('Bearer a', 'Bearer a'), { kind: 'duplicate' });
  assert.deepEqual(read('Basic a', 'Bearer a'), { kind: 'duplicate' });
  assert.deepEqual(read('', ''), { kind: 'duplicate' });
  assert.deepEqual(readBearer(['authorization', 'Bearer a', 'AUTHORIZATION', 'x']), { kind: 'duplicate' });
});

test('a list of credentials is a duplicate', () => {
  for (const value of [
    'Bearer a, Bearer b',
    'Bearer a,Bearer b',
    'Bearer a,',
    'Bearer a,b',
    'Bearer ,a',
    'Basic dTpw, Bearer a',
    'Basic dTpw,bearer a',
    'Digest username="a", realm="b", Bearer c',
    'Basic a,\tBasic b',
    'Basic a, Negotiate',
  ]) {
    assert.deepEqual(read(value), { kind: 'duplicate' }, value);
  }
});

test('a hostile value costs by its length, not by the square of it', () => {
  for (const piece of ['"\\"', '\\"', '"', ', a ', ',\t', ', ', ',a', '\\', ',"a" ']) {
    assertLinear(JSON.stringify(piece), 65_536, (size) => read(`x ,${piece.repeat(size / piece.length)}`));
  }
});

test('any one line without a comma gives back what stands behind the scheme', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,40}=*$/), (token) => {
      assert.deepEqual(read(`Bearer ${token}`), { kind: 'token', token });
    }),
  );
});
