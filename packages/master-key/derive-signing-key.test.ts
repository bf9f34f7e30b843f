import assert from 'node:assert/strict';
import { createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { deriveSigningKey } from './derive-signing-key.ts';

const masterKey = Buffer.alloc(32, 7);
const jwkOf = (key: Buffer, generation: string) =>
  deriveSigningKey(key, 'gateway-identity/v1', generation).export({ format: 'jwk' });

test('the same master key gives the same key, for ever', () => {
  // Written down: another value here is a change of all keys in the field.
  assert.deepEqual(jwkOf(masterKey, '1.0'), {
    kty: 'EC',
    crv: 'P-256',
    d: '5D2ocJqpEVIAt5UwEo-5hOPwB9QitcTq0bg4qRUhscM',
    x: 'SP2Z1HjgqpfOmglwpw7jdosx0DDb2EjIqRjuLZxE4q4',
    y: 'fcG-b_xwyduVYcR5PKR6o9kym-Pb1q8S6E3sefs0Y6s',
  });
});

test('another master key or generation gives another one', () => {
  const all = [jwkOf(masterKey, '1.0'), jwkOf(masterKey, '1.1'), jwkOf(Buffer.alloc(32, 8), '1.0')];
  assert.equal(new Set(all.map(({ d }) => d)).size, 3);
});

test('what it signs its public half verifies, in 200 generations', () => {
  const text = Buffer.from('a text');
  for (let i = 0; i < 200; i++) {
    const key = deriveSigningKey(masterKey, 'gateway-identity/v1', `1.${i}`);
    assert.ok(verify('sha256', text, createPublicKey(key), sign('sha256', text, key)));
  }
});
