// What the gateway refuses by itself stands in the audit log within five seconds, each refusal as the request that it
// was; also when auth was away meanwhile, or a flood came; and no request waits for it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { send } from '../proofs/http-client.ts';
import { type System, startSystem } from '../proofs/start-system.ts';
import { openSuperuser, type Superuser } from '../proofs/superuser.ts';
import { believeProxies } from './login-attempt.ts';

// The promise is five seconds on a machine that is not busy with anything else.
const seenMs = 20_000;

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'pi-refusals-'));
  const accessLog = join(folder, 'access.log');
  const env = { ...believeProxies, GATEWAY_ACCESS_LOG: accessLog, RATE_LIMIT_LOGIN_PER_IP: '300/60' };
  const system = await startSystem({ auths: 1, gateways: 1, workers: 1, redis: false, env });
  const superuser = await openSuperuser(system.database.superuserUrl);
  t.after(async () => {
    await superuser.close();
    await system.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { system, superuser, accessLog, target: system.gateways[0]!.target };
}

type Asked = { readonly system: System; readonly superuser: Superuser };

const count = async ({ superuser }: Asked, agent: string) => {
  const [row] = await superuser.rows(
    `select count(*)::int as rows, coalesce(sum(coalesce((data ->> 'count')::int, 1)), 0)::int as refusals
      from audit_events where event = 'access.denied' and user_agent = $1`,
    [agent],
  );
  return { rows: Number(row?.['rows']), refusals: Number(row?.['refusals']) };
};

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + seenMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadlineMs, `not in time: ${what}`);
    await delay(20);
  }
}

test('a refusal for the role or the token becomes an event of its client, joined to the access log by its id', async (t) => {
  const asked = await start(t);
  const { system, superuser, target, accessLog } = asked;
  const { id, email } = await system.register();
  const { access_token: token } = await system.login(email);
  const headers = { 'user-agent': 'one', 'x-forwarded-for': '192.0.2.7' };
  const denied = await send(target, { path: '/api/admin/users?email=a', token, headers });
  const invalid = await send(target, { path: '/up/x', token: 'x.y.z', headers });
  await send(target, { method: 'POST', path: '/api/auth/logout', token });
  const revoked = await send(target, { path: '/up/x', token, headers });
  assert.deepEqual([denied.status, invalid.status, revoked.status], [403, 401, 401]);
  await until('three events', async () => (await count(asked, 'one')).rows === 3);
  const rows = await superuser.rows(
    `select request_id, actor_id, target_id, ip, outcome, data from audit_events where user_agent = 'one'`,
  );
  const eventOf = ({ headers: answered }: typeof denied) => {
    const {
      data,
      request_id: _id,
      ...row
    } = rows.find(({ request_id }) => request_id === answered['x-request-id'])! as unknown as Record<
      string,
      unknown
    > & { data: Record<string, unknown> };
    const { refused_at, ...told } = data;
    assert.ok(Math.abs(Date.parse(String(refused_at)) - Date.now()) < 60_000);
    return { ...row, data: told };
  };
  const common = { ip: '192.0.2.7', outcome: 'denied' };
  const up = { method: 'GET', route: '/up/*' };
  assert.deepEqual(eventOf(denied), {
    ...common,
    actor_id: id,
    target_id: id,
    data: { reason: 'insufficient_role', role: 'user', method: 'GET', route: '/api/admin/*' },
  });
  assert.deepEqual(eventOf(invalid), {
    ...common,
    actor_id: null,
    target_id: null,
    data: { reason: 'invalid_token', fault: 'malformed', ...up },
  });
  assert.deepEqual(eventOf(revoked), {
    ...common,
    actor_id: null,
    target_id: id,
    data: { reason: 'invalid_token', fault: 'revoked', ...up },
  });
  await until('its lines', async () => {
    const lines = (await readFile(accessLog, 'utf8')).split('\n').filter(Boolean);
    const ids = lines.map((line) => (JSON.parse(line) as { request_id: string }).request_id);
    return rows.every(({ request_id }) => ids.filter((one) => one === request_id).length === 1);
  });
});

test('while auth is stopped, killed or its database away, refusals are given at once, and told when it is back', async (t) => {
  const asked = await start(t);
  const { system, target } = asked;
  const { access_token: token } = await system.login((await system.register()).email);
  const auth = system.auths[0]!;
  process.kill(auth.pid(), 'SIGSTOP');
  const refuse = async (times: number) => {
    for (let i = 0; i < times; i += 1) {
      const headers = { 'user-agent': 'away', 'x-forwarded-for': `192.0.2.${i}` };
      assert.equal((await send(target, { path: '/up/x', token: `x.${i}.z`, headers })).status, 401);
    }
  };
  await refuse(30);
  assert.equal((await send(target, { path: '/up/x', token })).status, 200);
  await auth.stop('SIGKILL');
  await refuse(30);
  await auth.start();
  await until('all of them', async () => (await count(asked, 'away')).refusals >= 60);
  await refuse(1);
  await until('the last', async () => (await count(asked, 'away')).refusals >= 61);
  // What the stopped process had taken and not answered was sent again, and is there once.
  assert.deepEqual(await count(asked, 'away'), { rows: 61, refusals: 61 });
});

test('a flood of refusals is counted to the last one, in as many rows as the disk takes', async (t) => {
  const asked = await start(t);
  const { target } = asked;
  const flood = 6000;
  let sent = 0;
  const clients = Array.from({ length: 16 }, async () => {
    while (sent < flood) {
      const headers = { 'user-agent': 'flood', 'x-forwarded-for': `198.51.100.${(sent += 1) % 40}` };
      const answer = await send(target, { path: '/up/x', token: `x.${uuidV7(0)}.z`, headers });
      assert.equal(answer.status, 401);
    }
  });
  await Promise.all(clients);
  await until('all are counted', async () => (await count(asked, 'flood')).refusals === sent);
  const { rows } = await count(asked, 'flood');
  // Twenty of each of forty networks, one more each three seconds, and the counts of each two seconds.
  assert.ok(rows >= 800 && rows < 1800, String(rows));
});
