import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { Webhook } from 'standardwebhooks';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { type AuditEventName, noOrigin } from '../audit/audit-event.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { insertAuditEventWithId } from '../store/audit-events.ts';
import { listAuditEvents } from '../store/audit-search.ts';
import { listWebhookDeliveries } from '../store/webhook-deliveries.ts';
import { listWebhookEndpoints } from '../store/webhook-endpoints.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.ts';
import {
  addWebhook,
  redeliverWebhook,
  removeWebhook,
  rotateWebhookSecret,
  switchWebhook,
  testWebhook,
} from './change-webhooks.ts';
import { createWebhooks, type WebhookOptions, type Webhooks } from './dispatcher.ts';

const log = createLog({ service: 'test', level: 'silent' });
const sealKey = randomBytes(32);
let database: TestDatabase;
let db: Database;
let receiver: WebhookReceiver;
let webhooks: Webhooks;
const opened: Webhooks[] = [];

before(async () => {
  database = await createTestDatabase();
  await migrate(database.url, 'up');
  db = openDatabase({ url: database.url, poolMax: 8, log });
});
after(() => db.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  webhooks = open();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await receiver.close();
  for (const { id } of await listWebhookEndpoints(db)) await removeWebhook(db, id);
});

function open(options: Partial<WebhookOptions> = {}): Webhooks {
  const made = createWebhooks({ db, sealKey, log, allowPrivate: true, timeoutMs: 2000, ...options });
  opened.push(made);
  return made;
}

async function add(events: readonly AuditEventName[] | null = ['logout'], url = receiver.url) {
  return (await addWebhook(db, sealKey, { url, events }))!;
}

const write = (event: AuditEventName = 'logout') =>
  insertAuditEventWithId(db, {
    ...noOrigin,
    ip: '192.0.2.7',
    event,
    outcome: 'success',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { n: 1 },
  });

async function poll(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, what);
    await delay(10);
  }
}

const deliveries = (state?: string) => listWebhookDeliveries(db, { endpointId: undefined, state }, 1000);

/** Rounds until so many deliveries are in a state and none is under way. */
async function settle(state: string, count: number, by: readonly Webhooks[] = [webhooks]): Promise<void> {
  await poll(`${count} ${state}`, async () => {
    await Promise.all(by.map((one) => one.round()));
    return (await deliveries(state)).length === count;
  });
}

const failures = async () => (await deliveries()).map(({ lastFailure }) => lastFailure);

/** Rounds until so many attempts have failed and are settled. */
async function failTimes(times: number): Promise<void> {
  await poll(`${times} failures`, async () => {
    await webhooks.round();
    const { failed, dead } = webhooks.state().attempts;
    return failed + dead === times;
  });
}

let statements = 0;
const run = (text: string, values: readonly unknown[] = []) =>
  db.query({ name: `test-${statements++}`, text, values });
const makeDue = () => run('update webhook_deliveries set due_at = now()');

test('an event arrives signed as Standard Webhooks has it, with what the audit log says of it', async () => {
  const { secret } = await add();
  const eventId = await write();
  await settle('delivered', 1);
  const [{ headers, body, path }] = receiver.received as [(typeof receiver.received)[0]];
  assert.equal(path, '/hook');
  const message = new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    timestamp: string;
    data: { id: string; ip: string; data: object };
  };
  assert.equal(message.type, 'logout');
  assert.deepEqual([message.data.id, message.data.ip, message.data.data], [eventId, '192.0.2.7', { n: 1 }]);
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
});

test('only the events it asks for, from its making on, and all of them when it asks for none', async () => {
  await write();
  await add(['login.failed', 'logout']);
  const all = await startWebhookReceiver();
  await add(null, all.url);
  const wanted = [await write('logout'), await write('login.failed')];
  await write('keys.rotated');
  // The second was made after the first: what tells of its own making is the first for it.
  await settle('delivered', 2 + 4);
  const idsOf = ({ received }: WebhookReceiver) =>
    received.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id).toSorted();
  assert.deepEqual(idsOf(receiver), wanted.toSorted());
  assert.equal(all.received.length, 4);
  await all.close();
});

test('an event of a transaction that ends late is not skipped, though later ones were sent before', async () => {
  await add();
  const late = new Client({ connectionString: database.url });
  await late.connect();
  await late.query('begin');
  await late.query(`insert into audit_log (id, at, event, outcome, data)
    values (uuid_v7(now()), now(), 'logout', 'success', '{}')`);
  await write();
  await webhooks.round();
  assert.equal(
    (await deliveries()).length,
    0,
    'nothing passes a transaction that may still commit before it',
  );
  await late.query('commit');
  await late.end();
  await settle('delivered', 2);
});

test('several processes share the work: each event has one delivery id and is sent once', async () => {
  await add();
  const ids = new Set<string>();
  for (let i = 0; i < 60; i++) ids.add(await write());
  const many = [webhooks, open(), open()];
  await settle('delivered', 60, many);
  assert.equal(receiver.received.length, 60);
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 60);
});

test('what fails is tried again under the same id, with a new time and a signature that holds', async () => {
  const { secret } = await add();
  await write();
  receiver.answerWith(500);
  await failTimes(1);
  assert.deepEqual(await failures(), ['status_500']);
  receiver.answerWith(200);
  await webhooks.round();
  assert.equal((await deliveries('pending')).length, 1, 'not before its time');
  await makeDue();
  await settle('delivered', 1);
  const { received } = receiver;
  assert.equal(received.length, 2);
  assert.equal(received[0]!.id, received[1]!.id);
  for (const { body, headers } of received)
    new Webhook(secret).verify(body, headers as Record<string, string>);
  const [endpoint] = await listWebhookEndpoints(db);
  assert.equal(endpoint!.failingSince, null);
});

test('after twelve attempts a delivery is dead, visible, and can be sent again', async () => {
  const { id } = await add();
  const eventId = await write();
  receiver.answerWith(503);
  for (let attempt = 1; attempt <= 12; attempt++) {
    await failTimes(attempt);
    await makeDue();
  }
  await settle('dead', 1);
  await webhooks.round();
  assert.equal(receiver.received.length, 12);
  assert.equal(webhooks.state().dead, 1);
  assert.equal(webhooks.state().attempts.dead, 1);
  receiver.answerWith(200);
  assert.equal(await redeliverWebhook(db, id, 'dead'), 1);
  await settle('delivered', 1);
  assert.equal(await redeliverWebhook(db, id, [eventId]), 1);
  await poll('sent again', async () => {
    await webhooks.round();
    return receiver.received.length === 14;
  });
  assert.equal(new Set(receiver.received.map((one) => one.id)).size, 1);
});

test('a receiver that redirects is not followed', async () => {
  await add();
  await write();
  receiver.answerWith((response) => {
    response.writeHead(307, { location: receiver.url.replace('/hook', '/elsewhere') }).end();
  });
  await failTimes(1);
  assert.deepEqual(await failures(), ['status_307']);
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ['/hook'],
  );
});

test('one that hangs is given up after its time, and holds up nobody else', async () => {
  const hanging: ServerResponse[] = [];
  receiver.answerWith((response) => hanging.push(response));
  const sound = await startWebhookReceiver();
  await add();
  await add(['logout'], sound.url);
  for (let i = 0; i < 30; i++) await write();
  await settle('delivered', 30);
  assert.equal(sound.received.length, 30);
  await poll('the time is over', async () => (await failures()).includes('timeout'));
  await sound.close();
});

test('one that never ends its answer, or answers with a bad one, costs a status or a word', async () => {
  await add();
  await write();
  receiver.answerWith((response) => {
    response.writeHead(200);
    response.write('and so on'); // and never an end: the status is what counts
  });
  await settle('delivered', 1);
  await write();
  receiver.answerWith((response) => {
    response.socket!.end('HTTP/1.1 200 OK\r\nbad header\r\n\r\n');
  });
  await poll('a bad answer', async () => {
    await webhooks.round();
    return (await failures()).includes('bad_answer');
  });
});

test('410 disables the endpoint, with its event; enabled again it goes on where it stopped', async () => {
  const { id } = await add();
  await write();
  receiver.answerWith(410);
  await poll('disabled', async () => {
    await webhooks.round();
    return (await listWebhookEndpoints(db))[0]!.disabledReason === 'gone';
  });
  const nothing = {
    actorId: undefined,
    targetId: undefined,
    ip: undefined,
    fromId: undefined,
    untilId: undefined,
  };
  const [event] = await listAuditEvents(db, { event: 'webhook.disabled', ...nothing }, undefined, 1);
  assert.deepEqual(event!.data, { webhook_id: id, reason: 'gone', failure: 'status_410' });
  receiver.answerWith(204);
  await write();
  await makeDue();
  await webhooks.round();
  assert.equal(receiver.received.length, 1, 'nothing while it is disabled');
  await switchWebhook(db, id, true);
  await settle('delivered', 2);
});

test('three days of nothing but failures disable it', async () => {
  await add();
  await write();
  receiver.answerWith(500);
  await failTimes(1);
  await run(`update webhook_endpoints set failing_since = now() - interval '73 hours'`);
  await makeDue();
  await poll('disabled', async () => {
    await webhooks.round();
    return (await listWebhookEndpoints(db))[0]!.disabledReason === 'failing';
  });
});

test('while two secrets hold, both sign; afterwards the new one alone', async () => {
  const { id, secret } = await add();
  const next = (await rotateWebhookSecret(db, sealKey, id, 3600))!;
  await write();
  await settle('delivered', 1);
  const verify = (key: string) => {
    const { body, headers } = receiver.received.at(-1)!;
    new Webhook(key).verify(body, headers as Record<string, string>);
  };
  verify(secret);
  verify(next);
  await run('update webhook_endpoints set previous_until = now()');
  await write();
  await settle('delivered', 2);
  verify(next);
  assert.throws(() => verify(secret), /No matching signature/);
});

test('no secret stands in the database, and another master key sends nothing', async () => {
  const { secret } = await add();
  const rows = (await run('select webhook_endpoints::text as row, secret_sealed from webhook_endpoints')) as {
    row: string;
    secret_sealed: Buffer;
  }[];
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(rows[0]!.secret_sealed.includes(bytes), false);
  assert.equal(rows[0]!.row.includes(bytes.toString('hex')), false);
  webhooks = open({ sealKey: randomBytes(32) });
  await write();
  await failTimes(1);
  assert.deepEqual(await failures(), ['secret_unreadable']);
  assert.equal(receiver.received.length, 0);
});

test('a private address is refused, by name too, and nothing is connected to', async () => {
  const { port } = new URL(receiver.url);
  await add(['logout'], `https://localhost:${port}/hook`);
  webhooks = open({ allowPrivate: false });
  await write();
  await failTimes(1);
  assert.deepEqual(await failures(), ['address_refused']);
  assert.equal(receiver.received.length, 0);
});

test('a test goes out whatever the endpoint asks for', async () => {
  const { id } = await add(['keys.rotated']);
  const key = (await testWebhook(db, id))!;
  await settle('delivered', 1);
  assert.equal((JSON.parse(receiver.received[0]!.body) as { type: string }).type, 'webhook.tested');
  assert.equal((await deliveries())[0]!.eventId, key.eventId);
});

test('what waits for a receiver that is away is bounded; the rest waits in the log and follows', async () => {
  await add();
  receiver.answerWith(500);
  await run(`insert into audit_events (id, at, event, outcome, data)
    select uuid_v7(clock_timestamp()), clock_timestamp(), 'logout', 'success', '{}' from generate_series(1, 1300)`);
  await poll('a thousand wait', async () => {
    await webhooks.round();
    return (await run('select from webhook_deliveries')).length === 1000;
  });
  await webhooks.round();
  assert.equal((await run('select from webhook_deliveries')).length, 1000);
  receiver.answerWith(204);
  await poll('all of them arrive', async () => {
    await makeDue();
    await webhooks.round();
    return new Set(receiver.received.map(({ id }) => id)).size === 1300;
  });
});

test('a process that stops cuts off what hangs, and another delivers it', async () => {
  webhooks = open({ timeoutMs: 60_000 });
  await add();
  const begun = new Promise<void>((resolve) => {
    receiver.answerWith(() => resolve());
  });
  await write();
  await poll('queued', async () => {
    await webhooks.round();
    return (await deliveries()).length === 1;
  });
  await begun;
  await webhooks.close();
  assert.deepEqual(await failures(), [null], 'no failure of the receiver');
  receiver.answerWith(204);
  webhooks = open();
  await makeDue(); // the lease of the one that stopped is over
  await settle('delivered', 1);
  assert.equal(receiver.received[0]!.id, receiver.received[1]!.id);
});
