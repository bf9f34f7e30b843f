import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { privateKey, publicJwk } from './forge-token.ts';
import { readJwks } from './jwks.ts';

test('ES256 signature keys are read, each under its kid', () => {
  const second = { ...publicJwk, kid: 'key-2', use: undefined, key_ops: ['verify'] };
  const keys = readJwks({ keys: [publicJwk, second] });
  assert.deepEqual([...keys.keys()], ['key-1', 'key-2']);
  const key = keys.get('key-1')?.key;
  assert.ok(key?.equals(createPublicKey({ key: publicJwk, format: 'jwk' })));
  assert.equal(key?.type, 'public');
});

test('keys for other algorithms or uses are ignored, as is a key that does not name ES256', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const others = [
    { ...rsa, kid: 'a', alg: 'RS256' },
    { ...ed, kid: 'b', alg: 'EdDSA' },
    { ...p384, kid: 'c', alg: 'ES384' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'd', alg: 'HS256' },
    { ...publicJwk, alg: undefined },
    { ...publicJwk, alg: 'ES384' },
    { ...publicJwk, use: 'enc' },
    { ...publicJwk, key_ops: ['sign'] },
    { ...publicJwk, key_ops: 'verify' },
  ];
  assert.equal(readJwks({ keys: others }).size, 0);
});

test('a set that is no set is refused', () => {
  for (const json of [null, undefined, [], 'x', 1, {}, { keys: {} }, { keys: [1] }, { keys: [null] }]) {
    assert.throws(() => readJwks(json), /^Error: JWKS: /);
  }
  assert.throws(() => readJwks({ keys: Array(257).fill(publicJwk) }), /more than 256 keys/);
});

test('a set with a private, broken, nameless or doubled ES256 key is refused as a whole', () => {
  const zeros = Buffer.alloc(32).toString('base64url');
  for (const [jwk, message] of [
    [{ ...privateKey.export({ format: 'jwk' }), kid: 'p', alg: 'ES256' }, /private part/],
    [{ ...publicJwk, kid: 'x', x: zeros }, /not a point/],
    [{ ...publicJwk, kid: 'x', x: zeros, y: zeros }, /not a point/],
    [{ ...publicJwk, kid: 'x', x: `${publicJwk.x}=` }, /32 bytes/],
    [{ ...publicJwk, kid: 'x', y: 'AAAA' }, /32 bytes/],
    [{ ...publicJwk, kid: 'x', y: undefined }, /32 bytes/],
    [{ ...publicJwk, kid: undefined }, /kid is missing/],
    [{ ...publicJwk, kid: '../k' }, /kid is missing/],
    [publicJwk, /two keys/],
  ] as const) {
    assert.throws(() => readJwks({ keys: [publicJwk, jwk] }), message);
  }
});

test('arbitrary JSON either throws an error of ours or gives no keys', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(fc.jsonValue()) })), (json) => {
      try {
        assert.equal(readJwks(json).size, 0);
      } catch (error) {
        assert.match((error as Error).message, /^JWKS: /);
      }
    }),
  );
});
