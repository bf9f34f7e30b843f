// Mode `verified`: the mail decides, and nothing else tells whether an address has an account.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { listMails, mailFolderOf } from '../mail/mail-folder.ts';
import { deleteExpiredRegistrations } from '../store/pending-registrations.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';
import { userRegister } from './user-register.ts';

const sent = { status: 'verification_sent' };
const otherPassword = 'another good password';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, { REGISTRATION: 'verified' });
});
after(() => auth.close());

let people = 0;
const newAddress = () => `person${people++}@example.com`;
const register = (email: string, password = testPassword, by = auth) =>
  by.call('POST', '/auth/register', { body: { email, password } });
const confirm = (token: string | undefined, password = testPassword, by = auth) =>
  by.call('POST', '/auth/register/confirm', { body: { token, password } });
const login = (email: string, password = testPassword) =>
  auth.call('POST', '/auth/login', { body: { email, password } });

/** Newest first. */
const mailsTo = async (email: string, by = auth) =>
  (await listMails(mailFolderOf(by.config.dataDir), 1000)).filter(({ to }) => to === email);
const tokenIn = (text: string) => /"token":"([\w-]{43})"/.exec(text)?.[1];

async function registerForToken(email: string, password = testPassword): Promise<string> {
  assert.equal((await register(email, password)).status, 202);
  return tokenIn((await mailsTo(email.trim().toLowerCase()))[0]!.text)!;
}
async function signUp(email: string, password = testPassword): Promise<void> {
  assert.equal((await confirm(await registerForToken(email, password), password)).status, 201);
}
const rows = <Row>(text: string, ...values: unknown[]) =>
  auth.deps.db.query<Row>({ name: `test-${hash('sha1', text)}`, text, values });
const pendingOf = (email: string) => rows('select from pending_registrations where email = $1', email);
const eventsOf = (email: string) =>
  rows(
    `select from audit_events join users on users.id = target_id where event = 'user.registered' and email = $1`,
    email,
  );

test('the mail makes the account, and nothing before it', async () => {
  const email = newAddress();
  const token = await registerForToken(` ${email.toUpperCase()}`);
  assert.equal((await login(email)).status, 401);
  const confirmed = await confirm(token);
  assert.deepEqual([confirmed.status, confirmed.body.email, confirmed.body.role], [201, email, 'user']);
  assert.equal((await login(email)).status, 200);
  assert.equal((await eventsOf(email)).length, 1);
});

describe('a token', () => {
  test('works once', async () => {
    const email = newAddress();
    const token = await registerForToken(email);
    assert.equal((await confirm(token)).status, 201);
    const again = await confirm(token);
    assert.deepEqual(
      [again.status, again.body.errors],
      [422, [{ pointer: '/token', detail: 'is not valid, was used or has expired' }]],
    );
  });

  test('that is presented ten times at once makes one account', async () => {
    const email = newAddress();
    const token = await registerForToken(email);
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(token)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    assert.deepEqual(statuses, [201, ...Array.from({ length: 9 }, () => 422)]);
    assert.equal((await eventsOf(email)).length, 1);
  });

  test('works for a day by the database’s clock, and its row goes afterwards', async () => {
    const email = newAddress();
    const token = await registerForToken(email);
    const [life] = await rows<{ seconds: string }>(
      'select extract(epoch from expires_at - created_at) as seconds from pending_registrations where email = $1',
      email,
    );
    assert.equal(Number(life?.seconds), 86_400);
    await rows(`update pending_registrations set expires_at = clock_timestamp() where email = $1`, email);
    assert.equal((await confirm(token)).status, 422);
    await deleteExpiredRegistrations(auth.deps.db, 500);
    assert.equal((await pendingOf(email)).length, 0);
  });

  test('stands in the mail alone: a dump of the database makes no account', async () => {
    const token = await registerForToken(newAddress());
    const tables = await rows<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    for (const { name } of tables) {
      const found = await rows(`select from ${name} as row where row::text like '%' || $1 || '%'`, token);
      assert.equal(found.length, 0, name);
    }
    const [hash] = await rows<{ hex: string }>(
      `select encode(token_hash, 'hex') as hex from pending_registrations order by created_at desc limit 1`,
    );
    for (const guess of [hash!.hex, Buffer.from(hash!.hex, 'hex').toString('base64url'), '', `${token}x`]) {
      assert.equal((await confirm(guess)).status, 422);
    }
    assert.equal((await confirm(token)).status, 201);
  });

  test('needs its registration’s password: nobody confirms what a stranger has registered', async () => {
    const email = newAddress();
    const strangers = await registerForToken(email, otherPassword);
    const refused = await confirm(strangers);
    assert.deepEqual(
      [refused.status, refused.body.errors],
      [422, [{ pointer: '/password', detail: 'is not the one of this registration' }]],
    );
    const own = await registerForToken(email);
    assert.equal((await confirm(own)).status, 201);
    assert.equal((await login(email, otherPassword)).status, 401);
    assert.equal((await login(email)).status, 200);
    assert.equal((await confirm(strangers, otherPassword)).status, 422);
  });
});

describe('registering again while one waits', () => {
  test('leaves both mails good, each with its own password, until one is answered', async () => {
    const email = newAddress();
    const first = await registerForToken(email);
    const second = await registerForToken(email, otherPassword);
    assert.equal((await confirm(second)).status, 422);
    assert.equal((await confirm(first)).status, 201);
    assert.equal((await confirm(second, otherPassword)).status, 422);
    assert.equal((await pendingOf(email)).length, 0);
    assert.equal((await login(email)).status, 200);
  });

  test('several mails answered at once make one account, and no answer is an error of ours', async () => {
    for (let round = 0; round < 5; round++) {
      const email = newAddress();
      const tokens: string[] = [];
      for (let i = 0; i < 4; i++) tokens.push(await registerForToken(email));
      const answers = await Promise.all(tokens.map((token) => confirm(token)));
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      assert.deepEqual(statuses, [201, 422, 422, 422]);
      assert.equal((await eventsOf(email)).length, 1);
    }
  });

  test('an account that was made meanwhile stays as it is', async () => {
    const email = newAddress();
    const token = await registerForToken(email, otherPassword);
    const [late] = await rows<{ row: string }>(
      'select to_json(waiting)::text as row from pending_registrations as waiting where email = $1',
      email,
    );
    await signUp(email);
    // As of a registration that was on its way while the other was confirmed.
    await rows(
      'insert into pending_registrations select * from json_populate_record(null::pending_registrations, $1)',
      late!.row,
    );
    const answer = await confirm(token, otherPassword);
    assert.deepEqual([answer.status, answer.body.code], [409, 'email_taken']);
    assert.equal((await login(email)).status, 200);
    assert.equal((await login(email, otherPassword)).status, 401);
  });
});

describe('a known and an unknown address', () => {
  const headersOf = (answer: { headers: Headers }) =>
    [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));

  test('get the same answer, and only the mail tells', async () => {
    const [known, unknown] = [newAddress(), newAddress()];
    await signUp(known);
    const [one, other] = [await register(known), await register(unknown)];
    assert.deepEqual([one.status, one.body], [202, sent]);
    assert.deepEqual([other.status, other.body], [one.status, one.body]);
    assert.deepEqual(headersOf(other), headersOf(one));
    const [mail] = await mailsTo(known);
    assert.match(mail!.text, /has one already/);
    assert.doesNotMatch(mail!.text, /token/);
  });

  test('make the same work: the same statements, one hash and one mail', async () => {
    const [known, unknown] = [newAddress(), newAddress()];
    await signUp(known);
    const work = async (email: string) => {
      const done: string[] = [];
      const { handle } = userRegister({
        ...auth.deps,
        db: {
          ...auth.deps.db,
          query: (sql) => (done.push(sql.name), auth.deps.db.query(sql)),
          transaction: (work) =>
            auth.deps.db.transaction((tx) => work({ query: (sql) => (done.push(sql.name), tx.query(sql)) })),
        },
        gate: {
          ...auth.deps.gate,
          run: (network, hashing) => (done.push('hash'), auth.deps.gate.run(network, hashing)),
        },
        mailer: { ...auth.deps.mailer, send: async ({ to }) => void done.push(`mail ${to === email}`) },
      });
      const reply = { headers: () => reply, code: () => reply, send: () => reply };
      const call = { body: { email, password: testPassword }, caller: { network: '10.3.0.1' } };
      await handle(call as never, reply as never);
      return done;
    };
    const done = await work(unknown);
    assert.deepEqual(await work(known), done);
    assert.deepEqual(done, [
      'hash',
      'is-email-taken',
      'insert-pending-registration',
      'insert-audit-events',
      'mail true',
    ]);
  });

  test('are limited alike: five mails to one address, from wherever, then a 429', async () => {
    const [known, unknown] = [newAddress(), newAddress()];
    await signUp(known); // its first mail
    await register(unknown);
    for (const email of [known, unknown]) {
      const spellings = [email, email.toUpperCase(), ` ${email}`];
      const tries = Array.from({ length: 6 }, (_, i) =>
        auth.call('POST', '/auth/register', {
          body: { email: spellings[i % 3], password: testPassword },
          headers: { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': `10.2.0.${i}` },
        }),
      );
      const answers = await Promise.all(tries);
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      assert.deepEqual(statuses, [202, 202, 202, 202, 429, 429]);
      const limited = answers.find(({ status }) => status === 429)!;
      assert.equal(limited.body.code, 'rate_limited');
      assert.match(limited.headers.get('ratelimit') ?? '', /^"mail-address";r=0;t=\d+$/);
      assert.ok(Number(limited.headers.get('retry-after')) >= 1);
      assert.equal((await mailsTo(email)).length, 5);
    }
  });
});

test('a network sends no more mails than it may register, to however many addresses', async () => {
  const limited = await startTestAuth((await createTestDatabase()).url, {
    REGISTRATION: 'verified',
    RATE_LIMIT_REGISTER_PER_IP: '3/3600',
  });
  try {
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await register(newAddress(), testPassword, limited)).status);
    assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
    assert.equal((await listMails(mailFolderOf(limited.config.dataDir), 10)).length, 3);
  } finally {
    await limited.close();
  }
});

test('with the mail server away, known and unknown addresses are told alike to come again', async () => {
  const away = await startTestAuth((await createTestDatabase()).url, {
    REGISTRATION: 'verified',
    SMTP_URL: 'smtp://127.0.0.1:1',
  });
  try {
    for (const email of [away.admin.email, newAddress()]) {
      const answer = await register(email, testPassword, away);
      assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable'], email);
    }
  } finally {
    await away.close();
  }
});

test('closed since, nothing is confirmed any more', async () => {
  const email = newAddress();
  const token = await registerForToken(email);
  const closed = await startTestAuth(auth.config.databaseUrl, {
    REGISTRATION: 'closed',
    MASTER_KEY: auth.config.masterKey.toString('hex'),
  });
  try {
    const answer = await confirm(token, testPassword, closed);
    assert.deepEqual([answer.status, answer.body.code], [403, 'registration_closed']);
    assert.equal((await confirm(token)).status, 201);
  } finally {
    await closed.close();
  }
});
