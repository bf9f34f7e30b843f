import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { uuidV7Micros } from '@pi-gateway/uuid/uuid-v7.ts';
import { jwtVerify } from 'jose';
import { signAccessToken } from './access-token.ts';

test('a JWT library that knows nothing of us takes the tokens, and reads what RFC 9068 asks for', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const origin = 'https://id.example.com';
  const input = { userId: 'a-user', sessionId: 'a-session', role: 'admin' } as const;
  const issuedAt = 1_790_000_000_123_456;
  for (let i = 0; i < 50; i++) {
    const times = { issuedAt, authTime: issuedAt - 5_000_000 };
    const signer = { kid: 'a-key', privateKey };
    const token = signAccessToken({ ...input, ...times }, signer, { origin, ttlSeconds: 600 });
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
      algorithms: ['ES256'],
      issuer: origin,
      audience: origin,
      typ: 'at+jwt',
      currentDate: new Date(1_790_000_001_000),
    });
    assert.deepEqual(protectedHeader, { alg: 'ES256', typ: 'at+jwt', kid: 'a-key' });
    const { jti, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: origin,
      aud: origin,
      sub: 'a-user',
      client_id: 'pi-gateway',
      iat: 1_790_000_000,
      exp: 1_790_000_600,
      sid: 'a-session',
      roles: ['admin'],
      auth_time: 1_789_999_995,
    });
    assert.equal(uuidV7Micros(String(jti)), issuedAt);
  }
});
