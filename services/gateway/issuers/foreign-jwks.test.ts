import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { newProviderKey } from '../testing/oidc-provider.ts';
import { type Algorithm, algorithms } from './algorithms.ts';
import { readForeignJwks } from './foreign-jwks.ts';

const rsa = newProviderKey('a').jwk;
const names = (keys: readonly unknown[], pinned: readonly Algorithm[] = algorithms) => [
  ...readForeignJwks({ keys }, pinned).keys(),
];
const rsaOf = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' });

describe('taken are', () => {
  test('keys of every pinned algorithm, by kind and kid', () => {
    const keys = algorithms.map((alg, i) => newProviderKey(`k${i}`, alg).jwk);
    assert.deepEqual(names(keys), ['RSA k0', 'RSA k1', 'P-256 k2', 'Ed25519 k3']);
    assert.deepEqual(names(keys, ['ES256']), ['P-256 k2']);
  });

  test('keys that do not say their algorithm, use or name', () => {
    const { alg: _alg, use: _use, kid: _kid, ...bare } = rsa;
    assert.deepEqual(names([bare]), ['RSA ']);
  });
});

describe('left out are', () => {
  test('keys for something else', () => {
    const { alg: _, ...open } = rsa;
    for (const other of [
      { ...rsa, use: 'enc' },
      { ...rsa, alg: 'RSA-OAEP' },
      { ...rsa, alg: 'HS256' },
      { ...open, key_ops: ['encrypt'] },
      { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA', kid: 'p384' },
      { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'k1' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'no point' },
      { ...rsa, kid: 5 },
      { ...rsa, kid: 'x'.repeat(257) },
      {},
      null,
      'key',
    ]) {
      assert.deepEqual(names([other]), [], JSON.stringify(other));
    }
  });

  test('RSA keys that are too weak, or dear to verify with', () => {
    assert.deepEqual(names([rsaOf(1024)]), []);
    assert.deepEqual(names([{ ...rsaOf(2048), e: Buffer.alloc(200, 0xff).toString('base64url') }]), []);
    assert.deepEqual(names([{ ...rsaOf(2048), e: 'AQ' }]), []);
    const huge = Buffer.alloc(1025, 0xff).toString('base64url');
    assert.deepEqual(names([{ kty: 'RSA', n: huge, e: 'AQAB' }]), []);
  });
});

describe('refused as a whole is a set', () => {
  test('that shows a private key or a secret', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    assert.throws(() => names([rsa, privateKey.export({ format: 'jwk' })]), /private key/);
    assert.throws(() => names([{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }]), /private key/);
  });

  test('with one name for two keys of a kind, with too many, and what is no set', () => {
    assert.throws(() => names([rsa, { ...newProviderKey('a').jwk }]), /two keys with the kid "a"/);
    assert.throws(() => names(Array.from({ length: 101 }, () => rsa)), /more than 100/);
    for (const json of [null, [], {}, { keys: {} }, 'x']) {
      assert.throws(() => readForeignJwks(json, algorithms), /no object with an array/);
    }
  });
});
