import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkGatewayConfig } from '@pi-gateway/gateway/routing/check-config.ts';

const root = join(import.meta.dirname, '..', '..');

function routesOf(file: string) {
  const checked = checkGatewayConfig(join(root, file), {});
  assert.ok(checked.kind === 'valid', `${file} is valid`);
  return checked.config.routes;
}

test("the demo's gateway file guards auth exactly as the product's own file does", () => {
  const shipped = routesOf('gateway.yaml');
  const demo = routesOf('examples/orders/gateway.yaml').filter((route) => route.service === 'auth');
  assert.deepEqual(demo, shipped);
});

test('the orders service stands behind six lines', () => {
  const orders = routesOf('examples/orders/gateway.yaml').filter((route) => route.service === 'orders');
  assert.equal(orders.length + 1, 6); // and the line of the service itself
});
