// An address in other spellings, at register, login and the admin's search: it names the same account, or another
// mailbox altogether, or is refused; it never reaches somebody else's account and never makes a 500.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

const victim = 'mike@example.com';
const international = 'mike@xn--mnchen-3ya.de'; // münchen.de
const theirs = 'another good password';

let auth: TestAuth;
let admin: string;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  admin = (await auth.login(auth.admin.email)).access_token;
  for (const email of [victim, international]) await auth.register(email);
});
after(() => auth.close());

const register = (email: string) =>
  auth.call('POST', '/auth/register', { body: { email, password: theirs } });
const login = (email: string, password = testPassword) =>
  auth.call('POST', '/auth/login', { body: { email, password } });
const search = (email: string) =>
  auth.call('GET', `/admin/users?email=${encodeURIComponent(email)}`, { token: admin });
const found = (answer: { body: Record<string, unknown> }) =>
  (answer.body.items as { email: string }[]).map(({ email }) => email);

/** They are one account: taken at register, in at login, found by search. */
async function expectSame(account: string, spellings: readonly string[]): Promise<void> {
  for (const spelling of spellings) {
    const shown = JSON.stringify(spelling);
    const registered = await register(spelling);
    assert.deepEqual([registered.status, registered.body.code], [409, 'email_taken'], shown);
    const { status, body } = await login(spelling);
    assert.equal(status, 200, shown);
    const me = await auth.call('GET', '/auth/me', { token: String(body.access_token) });
    assert.equal(me.body.email, account, shown);
    assert.deepEqual(found(await search(spelling)), [account], shown);
  }
}

/** They are no address: a 422 that points at the field, wherever they are given. */
async function expectRefused(texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    for (const answer of [await register(text), await login(text), await search(text)]) {
      assert.deepEqual([answer.status, answer.body.code], [422, 'validation_failed'], JSON.stringify(text));
      assert.equal((answer.body.errors as { pointer: string }[])[0]?.pointer, '/email');
    }
  }
}

/** They are mailboxes of somebody else: accounts of their own, under the ASCII form. */
async function expectAnother(texts: readonly (readonly [text: string, email: string])[]): Promise<void> {
  for (const [text, email] of texts) {
    assert.equal((await login(text)).status, 401, text);
    assert.deepEqual(found(await search(text)), [], text);
    const registered = await register(text);
    assert.deepEqual([registered.status, registered.body.email], [201, email], text);
    assert.equal((await login(text)).status, 401, text);
    assert.deepEqual(found(await search(text)), [email], text);
  }
}

test('case and surrounding space name the same account', () =>
  expectSame(victim, [
    'MIKE@EXAMPLE.COM',
    'Mike@Example.com',
    '  mike@example.com',
    '\tmike@example.com\r\n',
  ]));

test('an international domain in Unicode, in capitals and in ASCII names the same account', () =>
  expectSame(international, ['mike@münchen.de', 'MIKE@MÜNCHEN.DE', 'mike@XN--MNCHEN-3YA.de']));

test('a trailing dot is no spelling of an address', () =>
  expectRefused(['mike@example.com.', 'mike.@example.com', 'mike@example.com..']));

test('zero-width and other unseen characters are refused', () =>
  expectRefused([
    'mi\u200bke@example.com',
    'mike\u200d@example.com',
    'mike@exam\u200cple.com',
    '\ufeffmike@example.com',
    'mike@example.com\u2060',
    'mike@exa\u00admple.com',
    'mike\u202e@example.com',
    'mike@example.com\u00a0',
    'mike@example\u3000.com',
  ]));

test('decomposed letters (NFD) reach neither the account of the composed ones nor a new one', () =>
  expectRefused(['mike@münchen.de'.normalize('NFD'), 'mike\u0301@example.com', 'mi\u0308ke@example.com']));

test('full-width letters, signs and dots are refused', () =>
  expectRefused([
    'ｍｉｋｅ@example.com',
    'mike@ｅxample.com',
    'mike＠example.com',
    'mike@example．com',
    'mike@example。com',
    'ＭIKE@example.com',
  ]));

test('dotless i and I with a dot reach nobody (Django CVE-2019-19844)', () =>
  expectRefused([
    'm\u0131ke@example.com',
    'M\u0130KE@example.com',
    'mike@example.com\u0307',
    'm\u0131\u0307ke@example.com',
  ]));

test('the Kelvin sign and the long s are no k and no s', () =>
  expectRefused([
    'mi\u212ae@example.com',
    'mike@\u212aelvin.com',
    'mike@example.\u017fe',
    'mike@exampl\u212f.com',
  ]));

test('homoglyphs before the @ are refused, in the domain they are another mailbox', async () => {
  await expectRefused(['m\u0456ke@example.com', '\u043cike@example.com', 'mik\u0435@example.com']);
  await expectAnother([
    ['mike@ex\u0430mple.com', 'mike@xn--exmple-4nf.com'],
    ['mike@exampl\u0435.com', 'mike@xn--exampl-8of.com'],
    ['mike@m\u00fcnch\u0435n.de', 'mike@xn--mnchn-kva298c.de'],
    ['mike@examp1e.com', 'mike@examp1e.com'],
  ]);
});

test('control characters and line ends inside are refused', () =>
  expectRefused([
    'mike@example.com\u0000',
    '\u0000mike@example.com',
    'mi\u0007ke@example.com',
    'mike@example.com\r\nBcc: eve@example.com',
    'mike\n@example.com',
    'mike@example.com\u0085',
    'mike@example.com\u2028',
    'mike@\u007fexample.com',
  ]));

test('over-long addresses are refused, the longest is taken', async () => {
  const domainOf = (length: number) => `${'abcdefg.'.repeat(40).slice(0, length - 4)}x.de`;
  await expectRefused([
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.de`,
    `${'a'.repeat(64)}@${domainOf(190)}`,
    `a@${'ü'.repeat(60)}.de`,
    `${'a'.repeat(5000)}@example.com`,
  ]);
  const longest = `${'a'.repeat(64)}@${domainOf(189)}`;
  assert.equal(longest.length, 254);
  await expectAnother([[longest, longest]]);
});

test('quoted local parts, comments, routes and address literals are refused', () =>
  expectRefused([
    '"mike"@example.com',
    '"mi ke"@example.com',
    'mike(comment)@example.com',
    'mike@(comment)example.com',
    '<mike@example.com>',
    'Mike <mike@example.com>',
    'mike@[192.0.2.1]',
    'mike@192.0.2.1',
    'eve@example.org,mike@example.com',
    'mike@example.com@example.org',
    'mike%example.com@',
  ]));

test('a plus and a dot before the @ are part of the name', () =>
  expectAnother([
    ['mike+1@example.com', 'mike+1@example.com'],
    ['m.ike@example.com', 'm.ike@example.com'],
  ]));

test('all spellings of an address are guessed at out of one budget', async () => {
  const limited = await startTestAuth((await createTestDatabase()).url, {
    RATE_LIMIT_LOGIN_PER_ACCOUNT: '3/3600',
  });
  try {
    const statuses = [];
    for (const email of [international, 'MIKE@MÜNCHEN.DE', ' mike@münchen.de', 'mike@XN--MNCHEN-3YA.DE']) {
      const body = { email, password: 'a wrong guess' };
      statuses.push((await limited.call('POST', '/auth/login', { body })).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 429]);
  } finally {
    await limited.close();
  }
});

test('whatever is given as an address, the answer is a 201, a 409 or a 422', async () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('mike', 'MIKE', 'example', 'münchen'),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.tuple(part, part, fc.constantFrom('.com', '.de', '', '.')).map(([a, b, c]) => `${a}@${b}${c}`),
  );
  await fc.assert(
    fc.asyncProperty(text, async (email) => {
      const { status } = await register(email.toWellFormed());
      assert.ok([201, 409, 422].includes(status), `${JSON.stringify(email)}: ${status}`);
    }),
    { numRuns: 150 },
  );
});

test('after all of that there is one account of each address, and the database lets no second in', async () => {
  const { db } = auth.deps;
  const rows = await db.query<{ email: string }>({
    name: 'test-emails',
    text: `select email from users where lower(email) <> email or email ~ '[^!-~]'`,
    values: [],
  });
  assert.deepEqual(rows, []);
  const again = {
    name: 'test-again',
    text: `insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
      select uuid_v7(now()), email, password_hash, role, now(), now() from users where email = $1`,
    values: [victim],
  };
  await assert.rejects(db.query(again), /duplicate key|users_email_key/);
  assert.equal((await login(victim)).status, 200);
  assert.equal((await login(victim, theirs)).status, 401);
});
