import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
let token: string;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  token = (await auth.login(auth.admin.email)).access_token;
  for (let i = 0; i < 5; i++) await auth.register(`user${i}@example.com`);
});
after(() => auth.close());

const get = (path: string) => auth.call('GET', path, { token });

test('pages follow each other, newest first, without gap or overlap', async () => {
  const seen: unknown[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null; page++) {
    const answer = await get(`/admin/users?limit=2${page === 0 ? '' : `&cursor=${cursor}`}`);
    assert.equal(answer.status, 200);
    const items = answer.body.items as Record<string, unknown>[];
    assert.deepEqual(Object.keys(items[0]!), [
      'id',
      'email',
      'role',
      'disabled',
      'created_at',
      'last_login_at',
    ]);
    seen.push(...items.map((item) => item.email));
    cursor = answer.body.next_cursor as string | null;
  }
  assert.deepEqual(seen, [4, 3, 2, 1, 0].map((i) => `user${i}@example.com`).concat('admin@example.com'));
});

test('filters narrow the list, in any spelling of the address', async () => {
  const byEmail = await get('/admin/users?email=%20USER3@Example.com');
  assert.deepEqual(
    (byEmail.body.items as { email: string }[]).map(({ email }) => email),
    ['user3@example.com'],
  );
  assert.equal(((await get('/admin/users?role=admin')).body.items as unknown[]).length, 1);
  assert.equal(((await get('/admin/users?disabled=true')).body.items as unknown[]).length, 0);
});

test('a filter, limit or cursor out of form, an unknown or doubled key is a 422', async () => {
  const cursor = String((await get('/admin/users?limit=1')).body.next_cursor);
  const bad = [
    'limit=0',
    'limit=201',
    'limit=1e9',
    'limit=',
    'limit=1&limit=2',
    'limit=%31%30x',
    'cursor=',
    'cursor=x',
  ];
  const more = [
    `cursor=${cursor}A`,
    `cursor=${cursor.slice(1)}`,
    'role=root',
    'disabled=1',
    'email=x',
    'sort=id',
    '__proto__=1',
  ];
  for (const query of [...bad, ...more]) {
    const answer = await get(`/admin/users?${query}`);
    assert.equal(answer.status, 422, query);
    assert.ok(Array.isArray(answer.body.errors), query);
  }
  assert.equal((await get(`/admin/audit?cursor=${cursor}`)).status, 422, 'a cursor of another list');
});

test('one user is read by id', async () => {
  const [first] = (await get('/admin/users?limit=1')).body.items as { id: string }[];
  assert.deepEqual((await get(`/admin/users/${first!.id}`)).body, first);
  for (const id of ['x', first!.id.toUpperCase(), first!.id.replace(/.$/, (c) => (c === '0' ? '1' : '0'))]) {
    assert.equal((await get(`/admin/users/${id}`)).status, 404);
  }
});

test('audit events are found by event, person, address and time, and by nothing out of form', async () => {
  const registered = (await get('/admin/audit?event=user.registered')).body.items as Record<string, string>[];
  assert.equal(registered.length, 6);
  const { at, target_id, id } = registered[2]!;
  const ids = async (query: string) =>
    ((await get(`/admin/audit?event=user.registered&${query}`)).body.items as { id: string }[]).map(
      (item) => item.id,
    );
  assert.deepEqual(await ids(`target_id=${target_id}`), [id]);
  assert.deepEqual(await ids(`actor_id=${target_id}&ip=::ffff:127.0.0.1`), [id]);
  assert.ok((await ids(`from=${at}&to=${at}`)).includes(id!));
  assert.equal((await ids(`from=${at}`)).length, 3);
  assert.equal((await ids('from=0001-01-01T00:00:00Z&limit=3')).length, 3);
  assert.equal((await ids('to=1969-12-31T23:59:59Z')).length, 0);
  assert.equal((await ids(`to=${at}`)).length, 4);
  for (const query of [
    'event=x',
    'actor_id=1',
    'target_id=',
    'ip=999.1.1.1',
    'from=yesterday',
    'to=2026-02-31T00:00:00Z',
    'who=1',
  ]) {
    assert.equal((await get(`/admin/audit?${query}`)).status, 422, query);
  }
});
