import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { openEventStream } from '../testing/event-stream.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;
before(async () => {
  database = await createTestDatabase();
  auth = await startTestAuth(database.url);
});
after(() => auth.close());

const adminToken = async (of = auth) => (await of.login(of.admin.email)).access_token;
const listen = (token: string, query = '', lastEventId?: string) =>
  openEventStream(`${auth.url}/admin/audit/stream${query}`, token, lastEventId);

const failLogin = (n: number) =>
  auth.call('POST', '/auth/login', { body: { email: `nobody${n}@example.com`, password: 'wrong wrong' } });

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url, options: '-c role=pi_app' });
  await client.connect();
  return client;
}

const insert = (client: Client, request: string) =>
  client.query(
    `insert into audit_events (id, at, event, outcome, request_id, data)
      values (uuid_v7(clock_timestamp()), clock_timestamp(), 'logout', 'success', $1, '{}')`,
    [request],
  );

test('a listener gets each event once, in the form of the list, from when it came', async () => {
  const token = await adminToken();
  await failLogin(0);
  const stream = await listen(token, '?event=login.failed');
  assert.equal(stream.status, 200);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  assert.equal(stream.headers.get('cache-control'), 'no-store');
  await failLogin(1);
  await failLogin(2);
  const events = await stream.take(2);
  stream.close();
  const { body } = await auth.call('GET', '/admin/audit?event=login.failed&limit=2', { token });
  assert.deepEqual(
    events.map(({ data }) => data),
    (body['items'] as unknown[]).toReversed(),
  );
});

test('Last-Event-ID goes on right after that event: nothing lost, nothing twice, though writers end out of order', async () => {
  const token = await adminToken();
  const writers = await Promise.all(Array.from({ length: 4 }, connect));
  let stream = await listen(token, '?event=logout');
  const got: string[] = [];
  let last: string | undefined;
  const take = async (count: number) => {
    for (const { id, data } of await stream.take(count)) {
      got.push(String(data['request_id']));
      last = id;
    }
  };
  let written = 0;
  for (let round = 0; round < 5; round++) {
    // Begun in order, ended in the opposite one.
    for (const writer of writers) {
      await writer.query('begin');
      await insert(writer, `r${written++}`);
    }
    for (const writer of writers.toReversed()) await writer.query('commit');
    await take(round % 2 === 0 ? 3 : 5);
    stream.close();
    if (round === 2) await Promise.all(writers.map((writer, i) => insert(writer, `away${i}`)));
    stream = await listen(token, '?event=logout', last);
  }
  const all = written + writers.length;
  await take(all - got.length);
  stream.close();
  assert.equal(new Set(got).size, all);
  assert.equal(got.length, all);
  await Promise.all(writers.map((writer) => writer.end()));
});

test('only what is asked for comes, and the place moves on over the rest', async () => {
  const token = await adminToken();
  const user = await auth.register();
  const stream = await listen(token, `?event=login.succeeded&actor_id=${user.id}&ip=127.0.0.1`);
  for (let i = 10; i < 15; i++) await failLogin(i);
  await auth.login(user.email);
  const [event] = await stream.take(1);
  stream.close();
  assert.deepEqual([event!.data['event'], event!.data['actor_id']], ['login.succeeded', user.id]);
});

test('the stream ends when the right does: logout, a role taken, the token run out', async () => {
  const token = await adminToken();
  const { id: userId, email } = await auth.register();
  await auth.call('PATCH', `/admin/users/${userId}`, { token, body: { role: 'admin' } });
  const first = await auth.login(email);
  const loggedOut = await listen(first.access_token);
  await auth.call('POST', '/auth/logout', { body: { refresh_token: first.refresh_token } });
  assert.deepEqual(await loggedOut.end(), { code: 'invalid_token' });

  const demoted = await listen((await auth.login(email)).access_token);
  await auth.call('PATCH', `/admin/users/${userId}`, { token, body: { role: 'user' } });
  assert.deepEqual(await demoted.end(), { code: 'invalid_token' });

  const short = await startTestAuth((await createTestDatabase()).url, { ACCESS_TOKEN_TTL_SECONDS: '2' });
  const expiring = await openEventStream(`${short.url}/admin/audit/stream`, await adminToken(short));
  assert.deepEqual(await expiring.end(), { code: 'invalid_token' });
  await short.close();
});

test('no one but an admin listens, and what is out of form is refused', async () => {
  const user = await auth.register();
  const { access_token: token } = await auth.login(user.email);
  assert.equal((await auth.call('GET', '/admin/audit/stream', { token })).status, 403);
  assert.equal((await auth.call('GET', '/admin/audit/stream')).status, 401);
  const admin = await adminToken();
  // HEAD has nothing to follow: more of them than may listen, and none does.
  for (let i = 0; i < 20; i++) {
    assert.equal((await auth.call('HEAD', '/admin/audit/stream', { token: admin })).status, 200);
  }
  (await listen(admin)).close();
  for (const id of ['x', '1', '1-x', '-', '99999999999999999999-019a0000-0000-7000-8000-000000000001']) {
    const { status } = await auth.call('GET', '/admin/audit/stream', {
      token: admin,
      headers: { 'last-event-id': id },
    });
    assert.equal(status, 422, id);
  }
  for (const query of ['?event=nothing', '?actor_id=x', '?ip=x', '?from=2026-01-01T00:00:00Z']) {
    assert.equal(
      (await auth.call('GET', `/admin/audit/stream${query}`, { token: admin })).status,
      422,
      query,
    );
  }
});

test('sixteen listen to a process and no more; who leaves makes room; the end of the service ends them', async () => {
  const other = await startTestAuth((await createTestDatabase()).url);
  const token = await adminToken(other);
  const url = `${other.url}/admin/audit/stream`;
  const streams = await Promise.all(Array.from({ length: 16 }, () => openEventStream(url, token)));
  assert.ok(streams.every(({ status }) => status === 200));
  const refused = await openEventStream(url, token);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '10']);
  refused.close();
  streams.pop()!.close();
  const deadline = performance.now() + 10_000;
  for (;;) {
    const again = await openEventStream(url, token);
    streams.push(again);
    if (again.status === 200) break;
    assert.ok(performance.now() < deadline, 'room');
  }
  const startMs = performance.now();
  await other.close();
  assert.ok(performance.now() - startMs < 8000, 'sooner than what is busy is cut off');
  for (const stream of streams) stream.close();
});
