// A refresh holds its account's row, and a change of rights needs it too: whoever refreshes without pause must
// not thereby keep his rights.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, send } from '../proofs/http-client.ts';
import { startSystem } from '../proofs/start-system.ts';

const flooders = 40;

test('a user who refreshes without pause cannot keep an admin from disabling him', async (t) => {
  const system = await startSystem({ auths: 2, gateways: 0, workers: 0, redis: false });
  t.after(() => system.close());
  const [first] = system.auths;
  const admin = (await system.login(system.admin.email)).access_token;
  const user = await system.register();
  const { refresh_token } = await system.login(user.email);
  const refresh = (at: number): Promise<Answer> =>
    send(system.auths[at % system.auths.length]!.target, {
      method: 'POST',
      path: '/auth/refresh',
      body: { refresh_token },
    });
  const state = { isOver: false, refreshed: 0 };
  const flood = Array.from({ length: flooders }, async (_, at) => {
    while (!state.isOver) {
      await refresh(at);
      state.refreshed += 1;
    }
  });
  while (state.refreshed < 2 * flooders) await delay(5);

  const startMs = performance.now();
  const answer = await send(first!.target, {
    method: 'PATCH',
    path: `/admin/users/${user.id}`,
    token: admin,
    body: { disabled: true },
  });
  const tookMs = performance.now() - startMs;
  state.isOver = true;
  await Promise.all(flood);
  assert.equal(answer.status, 200, `${JSON.stringify(answer.body)} after ${tookMs.toFixed(0)} ms`);
  assert.equal((await refresh(0)).status, 401);
});
