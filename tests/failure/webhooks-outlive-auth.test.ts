// Webhooks while auth is killed: what the audit log holds arrives, each event under one id, whatever happened to the
// process that was sending it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startWebhookReceiver, type WebhookReceiver } from '@pi-gateway/auth/testing/webhook-receiver.ts';
import { runPi } from '../../cli/testing/run-pi.ts';
import { send } from '../proofs/http-client.ts';
import { type System, startSystem } from '../proofs/start-system.ts';
import { openSuperuser, type Superuser } from '../proofs/superuser.ts';

let system: System;
let receiver: WebhookReceiver;
let superuser: Superuser;
before(async () => {
  receiver = await startWebhookReceiver();
  const env = { WEBHOOK_ALLOW_PRIVATE: 'on' };
  system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false, env });
  superuser = await openSuperuser(system.database.superuserUrl);
});
after(async () => {
  await superuser.close();
  await system.close();
  await receiver.close();
});

async function poll(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, what);
    await delay(20);
  }
}

async function failLogin(): Promise<void> {
  const body = { email: 'nobody@example.com', password: 'wrong password' };
  const { status } = await send(system.auths[0]!.target, { method: 'POST', path: '/auth/login', body });
  assert.equal(status, 401);
}

test('events of before, during and after a kill -9 arrive, each under one id', async () => {
  const pi = (...args: string[]) =>
    runPi([...args, '--json'], {
      env: {
        DATABASE_URL: system.database.url,
        MASTER_KEY: system.masterKey.toString('hex'),
        WEBHOOK_ALLOW_PRIVATE: 'on',
      },
    });
  const added = await pi('webhook', 'add', receiver.url, '--event', 'login.failed');
  assert.equal(added.code, 0, added.err);
  const { id } = JSON.parse(added.out) as { id: string };
  const tested = await pi('webhook', 'test', id);
  assert.equal(tested.code, 0, tested.err);
  assert.equal(receiver.received.length, 1);

  // Killed while the receiver has the request and has not answered.
  receiver.answerWith(() => undefined);
  for (let i = 0; i < 3; i++) await failLogin();
  await poll('three are under way', () => receiver.received.length === 4);
  await system.auths[0]!.stop('SIGKILL');
  receiver.answerWith(204);
  await system.auths[0]!.start();
  for (let i = 0; i < 2; i++) await failLogin();
  // What the dead process had taken is free after its lease; the test does not wait for that.
  await superuser.rows(`update webhook_deliveries set due_at = now() where state = 'pending'`);
  await poll('all are delivered', async () => {
    const [row] = await superuser.rows(
      `select count(*)::int as n from webhook_deliveries where state = 'delivered'`,
    );
    return row?.['n'] === 6;
  });
  const events = new Map<string, Set<string>>();
  for (const { body, id: delivery } of receiver.received) {
    const { data } = JSON.parse(body) as { data: { id: string } };
    events.set(data.id, (events.get(data.id) ?? new Set()).add(delivery));
  }
  const logged = await superuser.rows(
    `select id from audit_events where event in ('login.failed', 'webhook.tested')`,
  );
  assert.deepEqual([...events.keys()].toSorted(), logged.map((row) => String(row['id'])).toSorted());
  assert.ok([...events.values()].every((ids) => ids.size === 1));
  assert.equal(receiver.received.length, 6 + 3);
});
