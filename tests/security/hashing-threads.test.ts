// The threads that hashes are made on, counted in the running processes: a setting read too late would leave Node's
// own four, whatever the machine.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choosePlace, startSystem as startLauncher } from '../journeys/spawn-system.ts';
import { readMetric } from '../proofs/read-metric.ts';
import { startSystem } from '../proofs/start-system.ts';

const cores = availableParallelism();
const options = { skip: process.platform === 'linux' ? false : 'threads are listed by Linux only' };

function countPoolThreads(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const names = readdirSync(folder).map((id) => readFileSync(join(folder, id, 'comm'), 'utf8').trim());
  return names.filter((name) => name === 'libuv-worker').length;
}

test('auth has a thread for a hash on each core and four for the rest', options, async (t) => {
  const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false });
  t.after(() => system.close());
  const [auth] = system.auths;
  await system.login(system.admin.email);
  assert.equal(countPoolThreads(auth!.pid()), cores + 4);
  assert.equal(await readMetric(auth!.metricsUrl, 'pi_auth_hashes_running_max'), cores);
});

test('a pool that was made smaller bounds the hashes', options, async (t) => {
  const env = { UV_THREADPOOL_SIZE: '1' };
  const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false, env });
  t.after(() => system.close());
  const [auth] = system.auths;
  assert.equal(countPoolThreads(auth!.pid()), 1);
  assert.equal(await readMetric(auth!.metricsUrl, 'pi_auth_hashes_running_max'), 1);
});

test('so has the embedded run', options, async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pi-threads-'));
  const system = await startLauncher('embedded', await choosePlace(dataDir));
  t.after(async () => {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  assert.equal(countPoolThreads(system.child.pid!), cores + 4);
});
