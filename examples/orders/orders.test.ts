import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createOrders } from './orders.ts';

const server = createServer(createOrders());
let base = '';

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

const alice = { 'x-user-id': '0190a000-0000-7000-8000-00000000000a' };
const bob = { 'x-user-id': '0190a000-0000-7000-8000-00000000000b' };

async function call(method: string, path: string, headers = {}, body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(base + path, { method, headers, ...(body === undefined ? {} : { body: text }) });
  return { status: answer.status, body: (await answer.json()) as { items?: { user_id: string }[] } };
}

test('the catalog is open', async () => {
  const { status, body } = await call('GET', '/orders/catalog');
  assert.equal(status, 200);
  assert.equal(body.items?.length, 3);
});

test('a user sees the own orders and nobody else does', async () => {
  assert.equal((await call('POST', '/orders', alice, { item: 'espresso', quantity: 2 })).status, 201);
  assert.deepEqual((await call('GET', '/orders/mine', bob)).body.items, []);
  const mine = (await call('GET', '/orders/mine', alice)).body.items;
  assert.deepEqual(
    mine?.map((order) => order.user_id),
    [alice['x-user-id']],
  );
});

test("somebody else's order answers as one that does not exist", async () => {
  const { body } = await call('POST', '/orders', alice, { item: 'flat white', quantity: 1 });
  const path = `/orders/${(body as { id?: string }).id}`;
  assert.equal((await call('GET', path, alice)).status, 200);
  assert.equal((await call('GET', path, bob)).status, 404);
  assert.equal((await call('GET', path)).status, 404);
});

test('all orders are listed', async () => {
  await call('POST', '/orders', bob, { item: 'croissant', quantity: 1 });
  const owners = (await call('GET', '/orders/all', alice)).body.items?.map((order) => order.user_id);
  assert.ok(owners?.includes(bob['x-user-id']));
});

test('without the identity that the gateway adds, nothing is ordered or shown', async () => {
  assert.equal((await call('GET', '/orders/mine')).status, 401);
  assert.equal((await call('POST', '/orders', {}, { item: 'espresso', quantity: 1 })).status, 401);
});

for (const body of [
  '',
  'nonsense',
  'null',
  '[]',
  { item: 'tea', quantity: 1 },
  { item: 'espresso' },
  { quantity: 1 },
]) {
  test(`an order in a wrong form is a 422: ${JSON.stringify(body)}`, async () => {
    assert.equal((await call('POST', '/orders', alice, body)).status, 422);
  });
}

for (const quantity of [0, -1, 101, 1.5, '1', null]) {
  test(`a quantity of ${JSON.stringify(quantity)} is a 422`, async () => {
    assert.equal((await call('POST', '/orders', alice, { item: 'espresso', quantity })).status, 422);
  });
}

test('an unknown address is a 404', async () => assert.equal((await call('GET', '/nowhere')).status, 404));
