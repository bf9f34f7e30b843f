import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from './load-config.ts';

const corp =
  'issuer: https://corp.test, algorithms: [RS256], audience: us, roles: { claim: groups, map: { ops: admin, b: billing } }';
const plain = 'issuer: https://plain.test, algorithms: [ES256], audience: us';

function load(issuer: string, access = 'authenticated', service = 'up') {
  const targets = '{ targets: ["http://127.0.0.1:1"] }';
  return loadConfig(
    `services: { up: ${targets}, auth: ${targets} }\nissuers:\n  ${issuer}\nroutes:\n  - { path: /a, service: ${service}, access: ${access} }\n`,
    {},
  );
}
function problems(...args: Parameters<typeof load>): string {
  const loaded = load(...args);
  return loaded.kind === 'invalid' ? loaded.problems.map(({ message }) => message).join('; ') : 'taken';
}
const access = (text: string, service?: string) =>
  problems(`corp: { ${corp} }\n  plain: { ${plain} }`, text, service);

describe('an issuer', () => {
  test('says everything that makes a token hold', () => {
    const loaded = load(`corp: { ${corp}, jwks_uri: https://keys.test/x }`);
    assert.equal(loaded.kind, 'config');
    assert.deepEqual(loaded.kind === 'config' && loaded.config.issuers.get('corp'), {
      name: 'corp',
      issuer: 'https://corp.test',
      jwksUri: 'https://keys.test/x',
      algorithms: ['RS256'],
      audiences: ['us'],
      roles: {
        claim: ['groups'],
        map: [
          ['ops', 'admin'],
          ['b', 'billing'],
        ],
      },
    });
  });

  test('without algorithms or audience is refused', () => {
    assert.match(
      problems('corp: { issuer: https://a.test, audience: us }'),
      /corp needs algorithms: one or more of RS256/,
    );
    assert.match(problems('corp: { issuer: https://a.test, algorithms: [RS256] }'), /corp needs audience/);
    assert.match(problems('corp: { algorithms: [RS256], audience: us }'), /corp needs issuer/);
    assert.match(problems(`corp: { ${plain.replace('us', '""')} }`), /audience must not be empty/);
    assert.match(problems(`corp: { ${plain.replace('us', '[]')} }`), /audience has no entry/);
    assert.match(problems(`corp: { ${plain.replace('[ES256]', '[]')} }`), /algorithms is empty/);
  });

  test('with a symmetric algorithm or none is refused', () => {
    for (const algorithm of ['HS256', 'none', 'RS384', 'rs256']) {
      assert.match(problems(`corp: { ${plain.replace('ES256', algorithm)} }`), /an algorithm must be one of/);
    }
  });

  test('over plain http, or with credentials or a query in its URL, is refused', () => {
    for (const url of [
      'http://a.test',
      'https://u:p@a.test',
      'https://a.test?x=1',
      'a.test',
      'ftp://a.test',
    ]) {
      assert.match(
        problems(`corp: { ${plain.replace('https://plain.test', `"${url}"`)} }`),
        /must be an https URL/,
      );
      assert.match(problems(`corp: { ${plain}, jwks_uri: "${url}" }`), /jwks_uri must be an https URL/);
    }
  });

  test('is no other’s twin, is not called own, and has no unknown keys', () => {
    assert.match(problems(`a: { ${plain} }\n  b: { ${plain} }`), /b and a are the same issuer/);
    assert.match(problems(`own: { ${plain} }`), /own is the name of our own auth/);
    assert.match(problems(`Corp: { ${plain} }`), /made of a–z/);
    assert.match(problems(`a: { ${plain}, jwks_url: https://a.test }`), /did you mean "jwks_uri"/);
    assert.match(problems(`a: { ${plain}, roles: { claim: x } }`), /roles needs claim .* and map/);
    assert.match(problems(`a: { ${plain}, roles: { claim: x, map: { a: "A b" } } }`), /a role is made of/);
  });
});

describe('access', () => {
  test('names issuers there are, and roles they give', () => {
    assert.equal(access('{ issuers: [own, corp] }'), 'taken');
    assert.equal(access('{ issuers: [corp], roles: [billing], roles_all: [billing, admin] }'), 'taken');
    assert.match(
      access('{ issuers: [corb] }'),
      /an issuer must be one of own, corp, plain; did you mean corp/,
    );
    assert.match(access('{ issuers: [] }'), /nobody could pass/);
    assert.match(access('{ roles: [billing] }'), /a role must be one of user, admin/);
    assert.match(access('{ issuers: [corp], roles: [user] }'), /a role must be one of admin, billing/);
    assert.match(access('{ issuers: [plain], roles: [admin] }'), /none of the issuers gives a role/);
    assert.match(access('{ issuers: [corp], roles_all: [] }'), /nobody could pass/);
    assert.match(access('{}'), /access asks for nothing/);
  });

  test('takes an audience for other issuers only', () => {
    assert.equal(access('{ issuers: [corp], audience: [us, them] }'), 'taken');
    assert.match(access('{ audience: us, roles: [admin] }'), /audience is for other issuers/);
    assert.match(access('{ issuers: [own, corp], audience: us }'), /audience is for other issuers/);
  });

  test('to our own auth is by our own tokens', () => {
    assert.match(access('{ issuers: [own, corp] }', 'auth'), /tokens of our own only/);
    assert.equal(access('{ issuers: [own] }', 'auth'), 'taken');
  });
});

test('a change of an issuer alone is a change of the file', () => {
  const hash = (text: string) => {
    const loaded = load(text);
    return loaded.kind === 'config' ? loaded.config.hash : assert.fail();
  };
  assert.notEqual(hash(`corp: { ${plain} }`), hash(`corp: { ${plain.replace('us', 'them')} }`));
});
