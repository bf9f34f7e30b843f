import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FreshRun, startFreshRun } from '../../tools/fresh-run.ts';

const root = join(import.meta.dirname, '..', '..');
const revokedWithinMs = 5000;
let run: FreshRun;

before(async () => {
  run = await startFreshRun('launch/embedded.ts');
});
after(() => run.stop());

function pi(...args: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['cli/pi.ts', ...args, '--json'], {
    cwd: root,
    env: run.env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('what pi disables on a run that is up is refused by its gateway, for tokens already issued', async () => {
  const { password } = pi('user', 'create', 'ann@example.com') as { password: string };
  const login = await fetch(`http://127.0.0.1:${run.env['ENTRY_PORT']}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ann@example.com', password }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  // Answered by the gateway alone: auth, which would look at the account, is not asked.
  const verify = async () =>
    (
      await fetch(`http://127.0.0.1:${run.env['GATEWAY_PORT']}/verify`, {
        headers: { authorization: `Bearer ${token}`, 'x-original-uri': '/api/auth/me' },
      })
    ).status;
  assert.equal(await verify(), 200);
  pi('user', 'disable', 'ann@example.com');
  const deadline = performance.now() + revokedWithinMs;
  while ((await verify()) !== 401) {
    assert.ok(performance.now() < deadline, `still let through after ${revokedWithinMs} ms`);
    await delay(50);
  }
});
