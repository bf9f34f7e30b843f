import assert from 'node:assert/strict';
import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createTestDatabase } from '../../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../../testing/start-test-auth.ts';
import { findScheme } from './find-scheme.ts';
import { readForeignHash } from './read-foreign-hash.ts';
import { classOf } from './stored-hash.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

const salted = (digest: string) =>
  Buffer.concat([createHash(digest).update('secret').update('salt').digest(), Buffer.from('salt')]).toString(
    'base64',
  );
const pbkdf2 = (salt: string, length: number, digest: string) =>
  pbkdf2Sync('secret', salt, 1000, length, digest);
const b64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64');
const firebase = {
  algorithm: 'firebase-scrypt',
  hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  salt: '42xEC+ixf3L2lw==',
  salt_separator: 'Bw==',
  signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  rounds: 8,
  mem_cost: 14,
};

// Published vectors where there are any: of jBCrypt, of argon2's reference code, of RFC 7914, of Firebase.
const examples: readonly (readonly [password: string, given: unknown, passwordClass: string])[] = [
  ['abcdefghijklmnopqrstuvwxyz', '$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC', '$2b$06'],
  ['abc', '{CRYPT}$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', '$2b$06'],
  [
    'password',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    '$argon2i$v=19$m=65536,t=2,p=1',
  ],
  [
    'password',
    '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
    '$argon2i$v=16$m=65536,t=2,p=1',
  ],
  [
    'password',
    {
      algorithm: 'scrypt',
      encoding: 'hex',
      salt_encoding: 'utf8',
      hash: 'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      salt: 'NaCl',
      n: 1024,
      r: 8,
      p: 16,
    },
    '$scrypt$ln=10,r=8,p=16',
  ],
  [
    'secret',
    `$scrypt$ln=12,r=8,p=1$${b64('saltsalt')}$${b64(scryptSync('secret', 'saltsalt', 32, { N: 4096, r: 8, p: 1 }))}`,
    '$scrypt$ln=12,r=8,p=1',
  ],
  ['user1password', firebase, `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${firebase.signer_key}`],
  [
    'secret',
    `pbkdf2_sha256$1000$letters$${b64(pbkdf2('letters', 32, 'sha256'))}`,
    '$pbkdf2-sha256$i=1000,l=32',
  ],
  [
    'secret',
    `$pbkdf2-sha512$1000$${b64('salt').replace(/=/g, '').replaceAll('+', '.')}$${b64(
      pbkdf2('salt', 64, 'sha512'),
    )
      .replace(/=/g, '')
      .replaceAll('+', '.')}`,
    '$pbkdf2-sha512$i=1000,l=64',
  ],
  [
    'secret',
    `$pbkdf2$1000$${b64('salt').replace(/=/g, '')}$${b64(pbkdf2('salt', 20, 'sha1')).replace(/=/g, '')}`,
    '$pbkdf2-sha1$i=1000,l=20',
  ],
  [
    'secret',
    {
      algorithm: 'pbkdf2',
      digest: 'sha1',
      iterations: 1000,
      salt: b64('salt'),
      hash: b64(pbkdf2('salt', 40, 'sha1')),
    },
    '$pbkdf2-sha1$i=1000,l=40',
  ],
  ['secret', `{SSHA}${salted('sha1')}`, '$ssha-sha1'],
  ['secret', `{SSHA256}${salted('sha256')}`, '$ssha-sha256'],
  ['secret', `{ssha512}${salted('sha512')}`, '$ssha-sha512'],
];

function read(given: unknown) {
  const answer = readForeignHash(given);
  assert.equal(answer.kind, 'read', JSON.stringify(given));
  return answer;
}

test('a hash of each kind is right for its password and for no other, and reads again as itself', async () => {
  for (const [password, given, passwordClass] of examples) {
    const stored = read(given);
    assert.equal(stored.passwordClass, passwordClass);
    const scheme = findScheme(stored.passwordHash)!;
    assert.equal(await scheme.verify(stored.passwordHash, password), true, JSON.stringify(given));
    assert.equal(await scheme.verify(stored.passwordHash, `${password} `), false);
    assert.deepEqual(read(stored.passwordHash), stored);
  }
});

test('a decoy of each class is in its class, costs the same, and has no password', async () => {
  for (const [password, given, passwordClass] of examples) {
    const scheme = findScheme(passwordClass)!;
    const decoy = scheme.makeDecoy(passwordClass);
    assert.equal(classOf(decoy), passwordClass);
    assert.equal(scheme.costMs(decoy), read(given).costMs);
    assert.equal(await scheme.verify(decoy, password), false);
  }
});

test('a bcrypt hash with bits beyond its bytes is stored without them', async () => {
  const sound = '$2b$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC';
  const odd = `${sound.slice(0, 28)}v${sound.slice(29, 59)}D`;
  assert.notEqual(odd, sound);
  assert.equal(read(odd).passwordHash, sound);
});

test('the database tells the same class as the code', async () => {
  for (const [, given] of examples) {
    const { passwordHash, passwordClass } = read(given);
    const [row] = await auth.deps.db.query<{ class: string }>({
      name: 'test-class',
      text: 'select password_class($1) as class',
      values: [passwordHash],
    });
    assert.equal(row?.class, passwordClass);
  }
});

test('what it would cost to verify is told before it is ever done', () => {
  const hash = `${b64('saltsalt').replace(/=/g, '')}$${b64('h'.repeat(32)).replace(/=/g, '')}`;
  for (const [given, least] of [
    [`$2b$31$${'.'.repeat(53)}`, 1e8],
    [`$argon2id$v=19$m=4194304,t=1,p=1$${hash}`, 1e8],
    [`$argon2id$v=19$m=65536,t=9999,p=1$${hash}`, 1e5],
    [`$scrypt$ln=30,r=8,p=1$${hash}`, 1e8],
    [`$scrypt$ln=10,r=8,p=9999$${hash}`, 1e4],
    [`$pbkdf2-sha256$i=999999999$${hash}`, 1e5],
  ] as const) {
    assert.ok(read(given).costMs >= least, given);
  }
});

test('anything else is refused, whatever it is', () => {
  const hash = `${b64('saltsalt').replace(/=/g, '')}$${b64('h'.repeat(32)).replace(/=/g, '')}`;
  for (const given of [
    undefined,
    null,
    '',
    'secret',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
    '$2x$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC',
    '$2b$03$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC',
    `$argon2id$v=19$m=0,t=1,p=1$${hash}`,
    `$argon2id$v=19$m=65536,t=2,p=1,x=1$${hash}`,
    `$argon2id$v=19$m=65536,m=65536,t=2,p=1$${hash}`,
    `$scrypt$ln=0,r=8,p=1$${hash}`,
    `$pbkdf2-md5$1000$${hash}`,
    '{SSHA}c2hvcnQ=',
    { ...firebase, signer_key: 'c2hvcnQ=' },
    { ...firebase, algorithm: 'md5' },
    { algorithm: 'scrypt', hash: 'AAAA', salt: 'AAAA', n: 1000, r: 8, p: 1 },
    [],
  ]) {
    assert.equal(readForeignHash(given).kind, 'refused', JSON.stringify(given));
  }
  const words = fc.constantFrom(
    '$',
    'argon2id',
    'v=19',
    'm=64,t=1,p=1',
    'scrypt',
    'AAAA',
    '{SSHA}',
    '2b',
    '=',
  );
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.array(words, { maxLength: 12 })), (value) => {
      const given: unknown = Array.isArray(value) ? value.join('') : (JSON.parse(value) as unknown);
      const answer = readForeignHash(given);
      if (answer.kind === 'read') assert.ok(answer.costMs > 0);
    }),
  );
});
