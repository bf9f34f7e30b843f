import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { SignJWT } from 'jose';
import type { Issuer } from '../routing/route.ts';
import { audience, newProviderKey, type ProviderKey, signProviderToken } from '../testing/oidc-provider.ts';
import { type Algorithm, algorithms } from './algorithms.ts';
import { readForeignJwks } from './foreign-jwks.ts';
import { claimedIssuer, verifyForeignToken } from './verify-foreign-token.ts';

const iss = 'https://login.corp.example/realms/main';
const corp: Issuer = {
  name: 'corp',
  issuer: iss,
  jwksUri: undefined,
  algorithms: ['RS256'],
  audiences: [audience],
  roles: {
    claim: ['realm_access', 'roles'],
    map: [
      ['ops', 'admin'],
      ['staff', 'user'],
    ],
  },
};
const key = newProviderKey('first');
const nowSeconds = Math.floor(Date.now() / 1000);

function verify(token: string, keys: readonly ProviderKey[] = [key], issuer: Partial<Issuer> = {}) {
  const config = { ...corp, ...issuer };
  const set = readForeignJwks({ keys: keys.map(({ jwk }) => jwk) }, config.algorithms);
  return verifyForeignToken(token, { issuer: config, keys: set, clockSkewSeconds: 5, nowSeconds });
}
const sign = (options: Parameters<typeof signProviderToken>[2] = {}, by = key) =>
  signProviderToken(iss, by, options);
const reasonOf = (verification: ReturnType<typeof verify>) =>
  verification.kind === 'invalid' ? verification.reason : verification.kind;

describe('a token that holds', () => {
  for (const alg of algorithms) {
    test(`signed with ${alg}, by a pinned algorithm and a key of the set`, async () => {
      const own = newProviderKey('k', alg);
      const token = await sign({ claims: { sid: 's-1', realm_access: { roles: ['ops', 'other'] } } }, own);
      const verification = verify(token, [own], { algorithms: [alg] });
      assert.equal(verification.kind, 'valid');
      if (verification.kind !== 'valid') return;
      const { id, roles, sessionId, issuer, audiences } = verification.principal;
      assert.deepEqual(
        [id, roles, sessionId, issuer, audiences],
        ['corp:carol', ['admin'], 's-1', 'corp', [audience]],
      );
    });
  }

  test('names one of several audiences, and any typ that an access token has', async () => {
    assert.equal(reasonOf(verify(await sign({ claims: { aud: ['https://else', audience] } }))), 'valid');
    for (const typ of ['at+jwt', 'application/at+jwt', 'jwt', undefined]) {
      assert.equal(reasonOf(verify(await sign({ header: { typ } }))), 'valid', String(typ));
    }
  });

  test('without a kid is meant for the one key of its kind; with two of them it names none', async () => {
    const token = await sign({ header: { kid: undefined } });
    assert.equal(reasonOf(verify(token)), 'valid');
    assert.equal(reasonOf(verify(token, [key, newProviderKey('second')])), 'unknown_key');
    assert.equal(
      reasonOf(verify(token, [key, newProviderKey('first', 'EdDSA')], { algorithms: ['RS256', 'EdDSA'] })),
      'valid',
    );
  });
});

describe('a token is refused', () => {
  test('when its algorithm is not pinned, though the key would fit', async () => {
    const pss = newProviderKey('k', 'PS256');
    assert.equal(reasonOf(verify(await sign({}, pss), [pss], { algorithms: ['RS256'] })), 'header');
    const both: readonly Algorithm[] = ['RS256', 'PS256'];
    const other = { ...pss, alg: 'RS256' as const };
    assert.equal(
      reasonOf(verify(await sign({}, other), [pss], { algorithms: both })),
      'header',
      'the set says PS256',
    );
  });

  test('when it is HS256 with any form of the public key as the secret', async () => {
    const pem = key.privateKey;
    const secrets = [
      JSON.stringify(key.jwk),
      key.jwk.n!,
      createPublicKey(pem).export({ type: 'spki', format: 'pem' }),
    ];
    for (const secret of secrets) {
      const token = await new SignJWT({ iss, aud: audience, sub: 'carol', exp: nowSeconds + 300 })
        .setProtectedHeader({ alg: 'HS256', kid: key.kid })
        .sign(createSecretKey(Buffer.from(secret)));
      assert.equal(reasonOf(verify(token, [key], { algorithms })), 'header');
    }
  });

  test('when it has no signature, in any spelling of none', async () => {
    const [, payload, signature] = (await sign()).split('.');
    for (const alg of ['none', 'None', 'NONE', '', null]) {
      const header = Buffer.from(JSON.stringify({ alg, kid: key.kid })).toString('base64url');
      for (const end of ['', signature]) {
        assert.equal(reasonOf(verify(`${header}.${payload}.${end}`, [key], { algorithms })), 'header');
      }
    }
    const [header] = (await sign()).split('.');
    assert.equal(reasonOf(verify(`${header}.${payload}.`)), 'signature');
  });

  test('when another key signed it, brought along in the token or named by it', async () => {
    const own = newProviderKey(key.kid);
    assert.equal(reasonOf(verify(await sign({}, own))), 'signature');
    for (const header of [
      { jwk: own.jwk },
      { jku: 'https://evil.test/keys' },
      { x5u: 'https://evil.test' },
      { x5c: ['x'] },
    ]) {
      assert.equal(reasonOf(verify(await sign({ header }, own))), 'signature');
    }
    assert.equal(reasonOf(verify(await sign({}, newProviderKey('strange')))), 'unknown_key');
  });

  test('when its header asks for more than is understood here', async () => {
    const [, payload, signature] = (await sign()).split('.');
    for (const extra of [
      { crit: ['exp'] },
      { b64: false },
      { zip: 'DEF' },
      { typ: 'logout+jwt' },
      { typ: 'dpop+jwt' },
      { typ: 5 },
      { kid: ['a'] },
      { kid: '' },
    ]) {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: key.kid, ...extra })).toString(
        'base64url',
      );
      assert.equal(reasonOf(verify(`${header}.${payload}.${signature}`)), 'header', JSON.stringify(extra));
    }
  });

  const claims: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
    issuer: [{ iss: `${iss}/` }, { iss: iss.toUpperCase() }, { iss: [iss] }, { iss: undefined }],
    audience: [
      { aud: 'https://else' },
      { aud: `${audience}/` },
      { aud: [] },
      { aud: undefined },
      { aud: [[audience]] },
    ],
    subject: [
      { sub: undefined },
      { sub: '' },
      { sub: 'a b' },
      { sub: 'a\r\nx-user-roles: admin' },
      { sub: 5 },
      { sub: 'é' },
      { sub: 'x'.repeat(256) },
    ],
    times: [
      { exp: undefined },
      { exp: '9999999999' },
      { exp: -1 },
      { exp: 1e15 },
      { exp: null },
      { nbf: 'x' },
      { iat: [] },
    ],
    expired: [{ exp: nowSeconds - 5 }],
    not_yet_valid: [{ nbf: nowSeconds + 6 }, { iat: nowSeconds + 6 }],
  };
  for (const [reason, rows] of Object.entries(claims)) {
    test(`for its ${reason}`, async () => {
      for (const row of rows) {
        assert.equal(reasonOf(verify(await sign({ claims: row }))), reason, JSON.stringify(row));
      }
    });
  }

  test('when it is malformed: parts, spelling, a member twice, too long', async () => {
    const token = await sign();
    const [header, payload, signature] = token.split('.');
    const twice = Buffer.from(`{"iss":"https://evil.test","iss":"${iss}","aud":"${audience}"}`).toString(
      'base64url',
    );
    for (const bad of [
      '',
      '.',
      'a.b',
      `${token}.x`,
      `${header}=.${payload}.${signature}`,
      `${header}.${twice}.${signature}`,
      `${header}.W10.${signature}`,
      `${token} `,
    ]) {
      assert.equal(reasonOf(verify(bad)), 'malformed', bad.slice(0, 20));
    }
    assert.equal(reasonOf(verify(`${token}${'A'.repeat(12_288)}`)), 'too_long');
  });
});

describe('roles', () => {
  const rolesOf = async (claims: Record<string, unknown>, roles: Issuer['roles'] = corp.roles) => {
    const verification = verify(await sign({ claims: claims }), [key], { roles });
    return verification.kind === 'valid' ? verification.principal.roles : assert.fail(reasonOf(verification));
  };

  test('only what the file maps counts: their admin is nothing here', async () => {
    assert.deepEqual(await rolesOf({ realm_access: { roles: ['admin', 'user', 'root'] } }), []);
    assert.deepEqual(await rolesOf({ realm_access: { roles: ['ops', 'staff', 'ops'] } }), ['admin', 'user']);
    const none = verify(await sign({ claims: { roles: ['admin'] } }), [key], { roles: undefined });
    assert.deepEqual(none.kind === 'valid' && none.principal.roles, []);
  });

  test('stand where the file says, as a list or as words', async () => {
    const map = [['a:write', 'admin']] as const;
    assert.deepEqual(await rolesOf({ scope: 'openid a:write' }, { claim: ['scope'], map }), ['admin']);
    const named = 'https://corp.example/roles';
    assert.deepEqual(await rolesOf({ [named]: ['a:write'] }, { claim: [named], map }), ['admin']);
  });

  test('of another shape are none, a prototype’s members too', async () => {
    for (const value of [5, null, { ops: true }, [['ops']], 'OPS', [5]]) {
      assert.deepEqual(await rolesOf({ realm_access: { roles: value } }), []);
    }
    assert.deepEqual(await rolesOf({ realm_access: 'ops' }), []);
    assert.deepEqual(await rolesOf({}, { claim: ['constructor', 'name'], map: [['Object', 'admin']] }), []);
  });
});

test('the claimed issuer is read from anything, and only to choose who verifies', async () => {
  assert.equal(claimedIssuer(await sign()), iss);
  for (const rubbish of ['', 'a.b.c', 'x', '..', `.${Buffer.from('{"iss":5}').toString('base64url')}.`]) {
    assert.equal(claimedIssuer(rubbish), undefined);
  }
});
