import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.ts';
import { type Resolve, sendWebhook } from './send-webhook.ts';

let receiver: WebhookReceiver;
before(async () => {
  receiver = await startWebhookReceiver();
});
after(() => receiver.close());

const message = { body: '{}', headers: { 'webhook-id': 'msg_1' } };

test('the address that was judged is the one connected to, whatever the name answers a second time', async () => {
  const { port } = new URL(receiver.url);
  let asked = 0;
  const rebinding: Resolve = (_, done) => {
    asked += 1;
    done(null, [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
  };
  const answer = await sendWebhook(`http://hooks.example.com:${port}/hook`, message, {
    allowPrivate: true,
    timeoutMs: 5000,
    resolve: rebinding,
  });
  assert.deepEqual(answer, { kind: 'status', status: 204, retryAfterSeconds: undefined });
  assert.equal(asked, 1);
  assert.equal(receiver.received.at(-1)!.headers.host, `hooks.example.com:${port}`);
});

test('a name with one private address among public ones is refused', async () => {
  const answer = await sendWebhook('https://hooks.example.com/', message, {
    allowPrivate: false,
    timeoutMs: 5000,
    resolve: (_, done) =>
      done(null, [
        { address: '1.1.1.1', family: 4 },
        { address: '::ffff:10.0.0.1', family: 6 },
      ]),
  });
  assert.deepEqual(answer, { kind: 'none', failure: 'address_refused' });
});

test('addresses in the URL are refused however they are written', async () => {
  for (const host of [
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
  ]) {
    const answer = await sendWebhook(`https://${host}:${new URL(receiver.url).port}/`, message, {
      allowPrivate: false,
      timeoutMs: 5000,
    });
    assert.deepEqual(answer, { kind: 'none', failure: 'address_refused' }, host);
  }
});

test('plain http goes nowhere once private addresses are not allowed any more', async () => {
  const answer = await sendWebhook('http://hooks.example.com/', message, {
    allowPrivate: false,
    timeoutMs: 5000,
    resolve: () => assert.fail('nothing is looked up'),
  });
  assert.deepEqual(answer, { kind: 'none', failure: 'address_refused' });
});

test('an unknown name and a closed port have their words, and a look-up that hangs its time', async () => {
  const send = (url: string, resolve: Resolve) =>
    sendWebhook(url, message, { allowPrivate: true, timeoutMs: 300, resolve });
  const unknown = await send('https://nowhere.example.com/', (_, done) =>
    done(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []),
  );
  assert.deepEqual(unknown, { kind: 'none', failure: 'unknown_host' });
  const closed = await startWebhookReceiver();
  await closed.close();
  const refused = await send(closed.url, (_, done) => done(null, []));
  assert.deepEqual(refused, { kind: 'none', failure: 'unreachable' });
  const hanging = await send('https://slow.example.com/', () => undefined);
  assert.deepEqual(hanging, { kind: 'none', failure: 'timeout' });
});
