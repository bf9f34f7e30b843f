// "The gateway asks nobody": with auth and its database gone, signed-in users go on using the services.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createOrders } from '../../examples/orders/orders.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { freePort } from '../../tools/free-port.ts';

const root = join(import.meta.dirname, '..', '..');
const readyWithinMs = 60_000;
const children: ChildProcess[] = [];
const orders = createServer(createOrders()).listen(0, '127.0.0.1');

after(async () => {
  orders.close();
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});

function start(service: 'auth' | 'gateway', env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [`services/${service}/main.ts`], {
    cwd: root,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'fatal', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const isReady = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    assert.ok(performance.now() < deadline, `${url} is not ready`);
    await delay(20);
  }
}

test('a signed-in user reaches a service although auth was killed and no database answers', async () => {
  if (!orders.listening) await once(orders, 'listening');
  const [authPort, gatewayPort] = [await freePort(), await freePort()];
  const env = {
    DATABASE_URL: (await createTestDatabase()).url,
    MASTER_KEY: randomBytes(32).toString('hex'),
    AUTH_PORT: String(authPort),
    GATEWAY_PORT: String(gatewayPort),
    AUTH_METRICS_PORT: 'off',
    GATEWAY_METRICS_PORT: 'off',
    GATEWAY_ACCESS_LOG: 'off',
    GATEWAY_CONFIG: join(root, 'examples/orders/gateway.yaml'),
    ORDERS_PORT: String((orders.address() as AddressInfo).port),
    ADMIN_PASSWORD: 'nine green ladders',
  };
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  const auth = start('auth', env);
  await untilReady(`http://127.0.0.1:${authPort}`);
  start('gateway', env);
  await untilReady(gateway);

  const login = await fetch(`${gateway}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@example.com', password: env.ADMIN_PASSWORD }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const mine = () => fetch(`${gateway}/orders/mine`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await mine()).status, 200);

  auth.kill('SIGKILL');
  await once(auth, 'exit');
  assert.equal((await mine()).status, 200);
  assert.equal((await fetch(`${gateway}/orders/mine`)).status, 401);
});
