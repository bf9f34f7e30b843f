import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import {
  check,
  encode,
  es256,
  forge,
  goodClaims,
  goodHeader,
  issuer,
  nowSeconds,
  privateKey,
  publicJwk,
  publicKey,
} from './forge-token.ts';
import { readJwks } from './jwks.ts';
import type { InvalidTokenReason } from './verify.ts';

const good = forge();
const [headerPart = '', payloadPart = '', signaturePart = ''] = good.split('.');
const unsigned = `${headerPart}.${payloadPart}`;

function assertInvalid(token: string, reason: InvalidTokenReason, what: string = reason): void {
  assert.deepEqual(check(token), { kind: 'invalid', reason }, what);
}

function without(claims: object, name: string): object {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
}

describe('a token of ours', () => {
  test('is valid and gives its claims', () => {
    assert.deepEqual(check(good), { kind: 'valid', claims: goodClaims });
  });

  test('is valid as jose issues it', async () => {
    const { iat, exp, ...claims } = goodClaims;
    const token = await new SignJWT(claims)
      .setProtectedHeader(goodHeader)
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(privateKey);
    assert.equal(check(token).kind, 'valid');
  });

  test('may hold claims we do not know; they are not handed on', () => {
    const verification = check(forge(goodHeader, { ...goodClaims, email: 'a@example.com' }));
    assert.deepEqual(verification, { kind: 'valid', claims: goodClaims });
  });

  test('is refused with any single byte changed, added or removed', () => {
    const at = fc.nat(good.length - 1);
    fc.assert(
      fc.property(at, fc.integer({ min: 0, max: 255 }), (position, byte) => {
        const char = String.fromCharCode(byte);
        const [before, after] = [good.slice(0, position), good.slice(position + 1)];
        fc.pre(good[position] !== char);
        assert.notEqual(check(before + char + after).kind, 'valid');
        assert.notEqual(check(good.slice(0, position) + char + good.slice(position)).kind, 'valid');
        assert.notEqual(check(before + after).kind, 'valid');
      }),
      { numRuns: 2000 },
    );
  });

  test('is refused when its last character changes only in bits that base64 throws away', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet) {
      const token = good.slice(0, -1) + last;
      if (token !== good) assert.equal(check(token).kind, 'invalid', last);
    }
  });
});

describe('signature attacks', () => {
  test('alg none in any case, with an empty, missing or kept signature', () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ']) {
      const part = encode({ ...goodHeader, alg });
      assertInvalid(`${part}.${payloadPart}.`, 'malformed', alg);
      assertInvalid(`${part}.${payloadPart}`, 'malformed', alg);
      assertInvalid(`${part}.${payloadPart}.${signaturePart}`, 'header', alg);
    }
  });

  test('empty or stripped signature under the right alg', () => {
    for (const token of [unsigned, `${unsigned}.`, `.${payloadPart}.${signaturePart}`, `${headerPart}..`]) {
      assertInvalid(token, 'malformed', token);
    }
  });

  test('extra parts and JWE', () => {
    for (const token of [
      `${good}.`,
      `${good}.${signaturePart}`,
      `.${good}`,
      `${good}.a.b`,
      `${unsigned}..${signaturePart}`,
    ]) {
      assertInvalid(token, 'malformed', token);
    }
    const jwe = encode({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', kid: 'key-1' });
    assertInvalid(`${jwe}.AAAA.AAAA.AAAA.AAAA`, 'malformed');
  });

  test('HS256 and HS512 with any encoding of the public key as the secret', () => {
    const secrets: (string | Buffer)[] = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }).subarray(-65),
      JSON.stringify(publicJwk),
      JSON.stringify({ keys: [publicJwk] }),
      publicJwk.x ?? '',
      publicJwk.kid,
      '',
    ];
    for (const secret of secrets) {
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
        ['ES256', 'sha512'],
      ] as const) {
        const signed = `${encode({ ...goodHeader, alg })}.${payloadPart}`;
        const mac = createHmac(hash, secret).update(signed).digest('base64url');
        assertInvalid(`${signed}.${mac}`, alg === 'ES256' ? 'signature' : 'header');
      }
    }
  });

  test('another algorithm under the same kid', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const ed = generateKeyPairSync('ed25519').privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    const p1363 = 'ieee-p1363';
    const pss = { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const signers: Record<string, (data: Buffer) => Buffer> = {
      RS256: (data) => sign('sha256', data, rsa),
      PS256: (data) => sign('sha256', data, pss),
      EdDSA: (data) => sign(null, data, ed),
      ES384: (data) => sign('sha384', data, { key: p384, dsaEncoding: p1363 }),
      ES512: (data) => sign('sha512', data, { key: privateKey, dsaEncoding: p1363 }),
      ES256K: (data) => sign('sha256', data, { key: k256, dsaEncoding: p1363 }),
    };
    for (const [alg, signer] of Object.entries(signers)) {
      const signed = `${encode({ ...goodHeader, alg })}.${payloadPart}`;
      assertInvalid(`${signed}.${signer(Buffer.from(signed)).toString('base64url')}`, 'header', alg);
      const claimed = signer(Buffer.from(unsigned)).toString('base64url');
      assertInvalid(`${unsigned}.${claimed}`, 'signature', `${alg} as ES256`);
    }
  });

  test('a signature of another key, or of another token', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    assertInvalid(forge(goodHeader, goodClaims, other), 'signature');
    const [, , foreign] = forge(goodHeader, { ...goodClaims, roles: ['admin'] }).split('.');
    assertInvalid(`${unsigned}.${foreign}`, 'signature');
  });

  test('ECDSA r or s of 0, n or more', () => {
    const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const all = 2n ** 256n - 1n;
    const right = es256(unsigned).toString('hex');
    for (const value of [0n, n, n + 1n, all]) {
      const part = value.toString(16).padStart(64, '0');
      for (const hex of [part + right.slice(64), right.slice(0, 64) + part, part + part]) {
        const token = `${unsigned}.${Buffer.from(hex, 'hex').toString('base64url')}`;
        assertInvalid(token, 'signature', hex);
      }
    }
  });

  test('DER form and wrong lengths of the signature', () => {
    const der = sign('sha256', Buffer.from(unsigned), privateKey);
    const raw = es256(unsigned);
    const long = Buffer.concat([raw, Buffer.alloc(1)]);
    const padded = Buffer.concat([Buffer.alloc(1), raw.subarray(0, 32), Buffer.alloc(1), raw.subarray(32)]);
    for (const bytes of [der, raw.subarray(0, 63), raw.subarray(1), long, padded, raw.subarray(0, 1)]) {
      assertInvalid(`${unsigned}.${bytes.toString('base64url')}`, 'signature');
    }
  });
});

describe('header attacks', () => {
  test('embedded jwk, jku, x5u, x5c and any member beyond alg, typ, kid', () => {
    for (const extra of [
      { jwk: publicJwk },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/cert.pem' },
      { x5c: ['MIIB'] },
      { crit: ['exp'] },
      { crit: [] },
      { b64: false },
      { b64: false, crit: ['b64'] },
      { zip: 'DEF' },
      { cty: 'JWT' },
      { ALG: 'none' },
      { '': '' },
    ]) {
      assertInvalid(forge({ ...goodHeader, ...extra }), 'header', JSON.stringify(extra));
    }
    assertInvalid(forge('{"alg":"ES256","typ":"at+jwt","__proto__":{"kid":"key-1"}}'), 'header');
    assertInvalid(forge('{"alg":"ES256","typ":"at+jwt","kid":"key-1","__proto__":{}}'), 'header');
  });

  test('typ other than at+jwt', () => {
    for (const typ of [
      'JWT',
      'jwt',
      'AT+JWT',
      'application/at+jwt',
      'at+jwt ',
      'refresh+jwt',
      '',
      null,
      1,
      ['at+jwt'],
    ]) {
      assertInvalid(forge({ ...goodHeader, typ }), 'header', String(typ));
    }
    assertInvalid(forge(without(goodHeader, 'typ')), 'header');
  });

  test('alg missing or of another type', () => {
    for (const alg of ['es256', 'ES256 ', '', null, 256, ['ES256'], { a: 1 }]) {
      assertInvalid(forge({ ...goodHeader, alg }), 'header', JSON.stringify(alg));
    }
    assertInvalid(forge(without(goodHeader, 'alg')), 'header');
  });

  test('hostile kid: path, SQL, list, number, object, control characters, nothing', () => {
    for (const kid of [
      '../../../../dev/null',
      "' OR 1=1 --",
      'http://evil.example/k',
      'key-1\0',
      'key-1\n',
      'ключ',
      '',
      'k'.repeat(129),
      ['key-1'],
      1,
      null,
      true,
      { kid: 'key-1' },
    ]) {
      assertInvalid(forge({ ...goodHeader, kid }), 'header', JSON.stringify(kid));
    }
    assertInvalid(forge(without(goodHeader, 'kid')), 'header');
  });

  test('a kid of 1 MiB is refused by its size', () => {
    assertInvalid(forge({ ...goodHeader, kid: 'k'.repeat(1 << 20) }), 'too_long');
  });

  test('a kid named like a member of Object.prototype is an unknown key', () => {
    for (const kid of ['__proto__', 'constructor', 'toString']) {
      assert.deepEqual(check(forge({ ...goodHeader, kid })), { kind: 'unknown_key', kid });
    }
  });

  test('duplicate keys in the header, in either order', () => {
    assertInvalid(forge('{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"key-1"}'), 'malformed');
    assertInvalid(forge('{"alg":"ES256","typ":"at+jwt","kid":"key-1","kid":"key-1"}'), 'malformed');
    assertInvalid(forge('{"alg":"ES256","typ":"JWT","kid":"key-1","typ":"at+jwt"}'), 'malformed');
  });

  test('no object, no JSON, JSON with spaces, escapes or a byte order mark', () => {
    for (const text of [
      'null',
      '[]',
      '"ES256"',
      '1',
      '{',
      'x',
      ' {}',
      '{"alg":"ES256", "typ":"at+jwt","kid":"key-1"}',
      '{"alg":"\\u0045S256","typ":"at+jwt","kid":"key-1"}',
      '\ufeff{"alg":"ES256","typ":"at+jwt","kid":"key-1"}',
      '{"alg":"ES256","typ":"at+jwt","kid":"key-1"}\n',
    ]) {
      assertInvalid(forge(text), 'malformed', text);
    }
  });
});

describe('encoding attacks', () => {
  test('base64 padding, whitespace, the other alphabet, and characters a lax decoder skips', () => {
    for (const junk of ['=', '==', ' ', '\n', '\t', '\r', '\0', '%', '*', 'é', '\u{1F600}']) {
      for (const token of [
        `${headerPart}${junk}.${payloadPart}.${signaturePart}`,
        `${headerPart}.${payloadPart}${junk}.${signaturePart}`,
        `${good}${junk}`,
        `${junk}${good}`,
        `${headerPart.slice(0, 4)}${junk}${headerPart.slice(4)}.${payloadPart}.${signaturePart}`,
      ]) {
        assertInvalid(token, 'malformed', JSON.stringify(junk));
      }
    }
    // A signature with a character that differs between the alphabets.
    let [token, signature] = ['', ''];
    while (!/[-_]/.test(signature)) {
      token = forge();
      signature = token.slice(token.lastIndexOf('.') + 1);
    }
    const standard = signature.replaceAll('-', '+').replaceAll('_', '/');
    assert.equal(check(token).kind, 'valid');
    assertInvalid(token.replace(signature, standard), 'malformed');
  });

  test('bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"'),
      Buffer.from([0xff, 0xc0, 0xaf]),
      Buffer.from('"}'),
    ]);
    const signed = `${bytes.toString('base64url')}.${payloadPart}`;
    assertInvalid(`${signed}.${es256(signed).toString('base64url')}`, 'malformed');
  });

  test('tokens of 4 KiB and more, up to 10 MiB, are refused before anything of them is decoded', (t) => {
    const work = [
      t.mock.method(Buffer, 'from'),
      t.mock.method(JSON, 'parse'),
      t.mock.method(String.prototype, 'split'),
    ];
    for (const size of [4097, 64 * 1024, 10 * 1024 * 1024]) {
      for (const token of ['a'.repeat(size), '.'.repeat(size), `${good}${'A'.repeat(size)}`]) {
        assert.deepEqual(check(token), { kind: 'invalid', reason: 'too_long' });
      }
    }
    assert.deepEqual(
      work.map((method) => method.mock.callCount()),
      [0, 0, 0],
    );
    check(good);
    assert.ok(work.every((method) => method.mock.callCount() > 0));
  });

  test('the longest allowed tokens are read', () => {
    const token = forge(goodHeader, { ...goodClaims, pad: 'x'.repeat(2400) });
    assert.ok(token.length > 3700 && token.length <= 4096);
    assert.equal(check(token).kind, 'valid');
  });

  test('arbitrary text is never valid and never throws', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.stringMatching(/^[\w.-]*$/));
    fc.assert(fc.property(text, (token) => assert.equal(check(token).kind, 'invalid')));
    fc.assert(
      fc.property(fc.json(), fc.json(), (header, payload) => {
        assert.equal(check(forge(header, payload)).kind, 'invalid');
      }),
      { numRuns: 200 },
    );
  });
});

describe('claim attacks', () => {
  const wrongTimes = [undefined, null, '1800000000', 1.5, 1e300, -1, 0, true, [nowSeconds], {}, 253402300800];

  test('exp, iat and auth_time missing, textual, fractional, huge, negative, null', () => {
    for (const name of ['exp', 'iat', 'auth_time']) {
      for (const value of wrongTimes) {
        assertInvalid(
          forge(goodHeader, { ...goodClaims, [name]: value }),
          'times',
          `${name} ${JSON.stringify(value)}`,
        );
      }
    }
  });

  test('numbers in odd spellings', () => {
    const text = JSON.stringify(goodClaims);
    for (const spelling of [`${goodClaims.exp}.0`, '1.8000006e9', `+${goodClaims.exp}`, '1e400', 'NaN']) {
      const payload = text.replace(`"exp":${goodClaims.exp}`, `"exp":${spelling}`);
      assertInvalid(forge(goodHeader, payload), 'malformed', spelling);
    }
  });

  test('nbf is optional, honoured, and refused when malformed', () => {
    assert.equal(check(forge(goodHeader, { ...goodClaims, nbf: nowSeconds + 5 })).kind, 'valid');
    assertInvalid(forge(goodHeader, { ...goodClaims, nbf: nowSeconds + 6 }), 'not_yet_valid');
    for (const nbf of wrongTimes.slice(1)) {
      assertInvalid(forge(goodHeader, { ...goodClaims, nbf }), 'times', JSON.stringify(nbf));
    }
  });

  test('an expired token lives for the clock skew and not a second longer', () => {
    const at = (exp: number) => check(forge(goodHeader, { ...goodClaims, exp }));
    assert.equal(at(nowSeconds - 4).kind, 'valid');
    assert.deepEqual(at(nowSeconds - 5), { kind: 'invalid', reason: 'expired' });
  });

  test('a token from the future is refused beyond the clock skew', () => {
    for (const name of ['iat', 'auth_time']) {
      assert.equal(check(forge(goodHeader, { ...goodClaims, [name]: nowSeconds + 5 })).kind, 'valid');
      const late = forge(goodHeader, { ...goodClaims, [name]: nowSeconds + 6 });
      assertInvalid(late, 'not_yet_valid', name);
    }
  });

  test('a token that ends before it begins', () => {
    assertInvalid(forge(goodHeader, { ...goodClaims, exp: goodClaims.iat }), 'times');
  });

  test('aud and iss missing, wrong, a prefix, in another case, an array', () => {
    for (const value of [
      undefined,
      null,
      '',
      `${issuer}/`,
      issuer.slice(0, -1),
      `${issuer}.evil.example`,
      issuer.toUpperCase(),
      [issuer],
      [issuer, 'https://other.example'],
      { 0: issuer },
      0,
    ]) {
      assertInvalid(forge(goodHeader, { ...goodClaims, iss: value }), 'issuer', JSON.stringify(value));
      assertInvalid(forge(goodHeader, { ...goodClaims, aud: value }), 'audience', JSON.stringify(value));
    }
  });

  test('a token of another environment, even one signed with our key', () => {
    const elsewhere = 'https://staging.example.com';
    assertInvalid(forge(goodHeader, { ...goodClaims, iss: elsewhere, aud: elsewhere }), 'issuer');
  });

  test('sub, sid and jti that are not ids of ours', () => {
    const upper = uuidV7(1).toUpperCase();
    for (const value of [undefined, null, '', 1, [goodClaims.sub], upper, 'admin', crypto.randomUUID()]) {
      assertInvalid(forge(goodHeader, { ...goodClaims, sub: value }), 'subject', JSON.stringify(value));
      assertInvalid(forge(goodHeader, { ...goodClaims, sid: value }), 'session', JSON.stringify(value));
      assertInvalid(forge(goodHeader, { ...goodClaims, jti: value }), 'token_id', JSON.stringify(value));
    }
  });

  test('client_id missing or of another type', () => {
    for (const client_id of [undefined, null, '', 1, ['pi'], 'x'.repeat(257)]) {
      assertInvalid(forge(goodHeader, { ...goodClaims, client_id }), 'client', String(client_id));
    }
  });

  test('roles as text, empty, two, unknown, in another case', () => {
    for (const roles of [
      undefined,
      null,
      'admin',
      [],
      ['user', 'admin'],
      ['admin', 'admin'],
      ['root'],
      ['Admin'],
      [['admin']],
      [null],
      { 0: 'admin', length: 1 },
    ]) {
      assertInvalid(forge(goodHeader, { ...goodClaims, roles }), 'roles', JSON.stringify(roles));
    }
  });

  test('duplicate keys in the payload', () => {
    const text = JSON.stringify(goodClaims);
    for (const twice of ['"roles":["admin"]', `"sub":"${uuidV7(1)}"`, `"exp":${goodClaims.exp}`]) {
      assertInvalid(forge(goodHeader, `{${twice},${text.slice(1)}`), 'malformed', twice);
      assertInvalid(forge(goodHeader, `${text.slice(0, -1)},${twice}}`), 'malformed', twice);
    }
  });

  test('claims that come through __proto__', () => {
    const own = JSON.stringify(without(goodClaims, 'roles')).slice(0, -1);
    assertInvalid(forge(goodHeader, `${own},"__proto__":{"roles":["admin"]}}`), 'roles');
  });

  test('a refresh token as an access token', () => {
    assertInvalid(`pir_${Buffer.alloc(90, 7).toString('base64url')}`, 'malformed');
  });
});

describe('keys', () => {
  test('an unknown kid is told as such, but only of a token whose form and claims would hold', () => {
    const header = { ...goodHeader, kid: 'key-2' };
    assert.deepEqual(check(forge(header)), { kind: 'unknown_key', kid: 'key-2' });
    assertInvalid(forge(header, { ...goodClaims, exp: nowSeconds - 100, iat: nowSeconds - 200 }), 'expired');
    assertInvalid(forge(header, { ...goodClaims, iss: 'https://evil.example' }), 'issuer');
  });

  test('the key is chosen by kid alone: a token of one key under the kid of another fails', () => {
    const second = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...second.publicKey.export({ format: 'jwk' }), kid: 'key-2', alg: 'ES256' };
    const keys = readJwks({ keys: [publicJwk, jwk] });
    const header = { ...goodHeader, kid: 'key-2' };
    assert.equal(check(forge(header, goodClaims, second.privateKey), { keys }).kind, 'valid');
    const crossed = check(forge(header, goodClaims, privateKey), { keys });
    assert.deepEqual(crossed, { kind: 'invalid', reason: 'signature' });
  });
});
