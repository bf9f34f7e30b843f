import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { runPi } from './testing/run-pi.ts';

let databaseUrl: string;
before(async () => {
  databaseUrl = (await createTestDatabase()).url;
  await run('migrate');
});

const pi = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runPi(args, { env: { DATABASE_URL: databaseUrl, MASTER_KEY: 'ab'.repeat(32), ...env } });

async function run<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await pi([...args, '--json']);
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

type Listed = {
  items: { id: string; url: string; state: string; secrets: number; events: string[] | null }[];
};
type Event = { event: string; data: Record<string, unknown> };

test('a webhook is added, listed, rotated, disabled, enabled and removed, each with its event', async () => {
  const url = 'https://hooks.example.com/with/a/secret';
  const { id, secret } = await run<{ id: string; secret: string }>(
    'webhook',
    'add',
    url,
    '--event',
    'logout',
  );
  assert.match(secret, /^whsec_/);
  const list = () => run<Listed>('webhook', 'list');
  const [added] = (await list()).items;
  assert.deepEqual(
    [added!.id, added!.url, added!.events, added!.state, added!.secrets],
    [id, url, ['logout'], 'healthy', 1],
  );
  const rotated = await run<{ secret: string }>('webhook', 'rotate', id, '--overlap', '2h');
  assert.notEqual(rotated.secret, secret);
  assert.equal((await list()).items[0]!.secrets, 2);
  await run('webhook', 'disable', id);
  assert.equal((await list()).items[0]!.state, 'disabled');
  await run('webhook', 'enable', id);
  await run('webhook', 'remove', id);
  assert.deepEqual((await list()).items, []);
  const { items } = await run<{ items: Event[] }>('audit', 'list', '--limit', '5');
  assert.deepEqual(
    items.map(({ event }) => event),
    ['webhook.removed', 'webhook.enabled', 'webhook.disabled', 'webhook.secret_rotated', 'webhook.added'],
  );
  for (const { data } of items) {
    assert.deepEqual([data['webhook_id'], data['host'], data['via']], [id, 'hooks.example.com', 'pi']);
    assert.doesNotMatch(JSON.stringify(data), /whsec_|with/);
  }
});

test('what cannot be is refused with one line, and nothing changes', async () => {
  const unknown = '019a0000-0000-7000-8000-000000000001';
  for (const [args, why] of [
    [['webhook', 'add', 'http://hooks.example.com/'], /^pi: the URL must be an https URL [^\n]+\n$/],
    [['webhook', 'add', 'https://127.0.0.1/'], /^pi: 127\.0\.0\.1 is no public address [^\n]+\n$/],
    [['webhook', 'remove', unknown], /^pi: there is no webhook 019a/],
    [['webhook', 'rotate', 'x'], /^pi: there is no webhook x\n$/],
    [['webhook', 'redeliver', unknown], /^pi: give either ids of events or --dead\n$/],
    [['webhook', 'redeliver', unknown, '--dead'], /^pi: there is no webhook 019a/],
    [['webhook', 'redeliver', unknown, 'y'], /^pi: y is no id of an event\n$/],
    [['webhook', 'deliveries', 'x'], /^pi: there is no webhook x\n$/],
  ] as const) {
    const { code, err } = await pi(args);
    assert.equal(code, 1, args.join(' '));
    assert.match(err, why);
  }
  const { code, err } = await runPi(['webhook', 'add', 'https://hooks.example.com/'], {
    env: { DATABASE_URL: databaseUrl },
  });
  assert.deepEqual([code, err.startsWith('pi: no master key')], [3, true]);
  assert.deepEqual((await run<Listed>('webhook', 'list')).items, []);
});

test('an event of the log can be sent again, and its delivery is listed', async () => {
  const { id } = await run<{ id: string }>('webhook', 'add', 'https://hooks.example.com/');
  const { items } = await run<{ items: { id: string }[] }>('audit', 'list', '--event', 'webhook.added');
  const eventId = items[0]!.id;
  assert.deepEqual(await run('webhook', 'redeliver', id, eventId), { deliveries: 1 });
  const listed = await run<{ items: { event_id: string; state: string; webhook_id: string }[] }>(
    'webhook',
    'deliveries',
    id,
  );
  assert.deepEqual(
    listed.items.map(({ event_id, state }) => [event_id, state]),
    [[eventId, 'pending']],
  );
  assert.match(listed.items[0]!.webhook_id, /^msg_[0-9a-f]{32}$/);
});
