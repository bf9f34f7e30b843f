// The threads that hashes are made on, counted in the running processes: a setting read too late would leave Node's
// own four, whatever the machine.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choosePlace, startSystem as startLauncher } from '../journeys/spawn-system.ts';
import { readMetrics } from '../proofs/read-metrics.ts';
import { startSystem } from '../proofs/start-system.ts';

const cores = availableParallelism();
const options = { skip: process.platform === 'linux' ? false : 'threads are listed by Linux only' };

/** How much lower the priority of each thread of the pool is than that of the main thread. */
function listPoolThreads(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  const read = (id: string, file: string) => readFileSync(join(folder, id, file), 'utf8').trim();
  const niceOf = (id: string) =>
    Number(
      read(id, 'stat')
        .replace(/^.*\) /, '')
        .split(' ')[16],
    );
  const pool = readdirSync(folder).filter((id) => read(id, 'comm') === 'libuv-worker');
  return pool.map((id) => niceOf(id) - niceOf(String(pid)));
}

const lower = Math.min(10, 19 - getPriority());
const threads = (count: number) => Array.from({ length: count }, () => lower);

test(
  'auth has a thread for a hash on each core and four for the rest, all behind its event loop',
  options,
  async (t) => {
    const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false });
    t.after(() => system.close());
    const [auth] = system.auths;
    await system.login(system.admin.email);
    assert.deepEqual(listPoolThreads(auth!.pid()), threads(cores + 4));
    assert.deepEqual(await readMetrics(auth!.metricsUrl, ['pi_auth_hashes_running_max']), [cores]);
  },
);

test('a pool that was made smaller bounds the hashes', options, async (t) => {
  const env = { UV_THREADPOOL_SIZE: '1' };
  const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false, env });
  t.after(() => system.close());
  const [auth] = system.auths;
  assert.deepEqual(listPoolThreads(auth!.pid()), threads(1));
  assert.deepEqual(await readMetrics(auth!.metricsUrl, ['pi_auth_hashes_running_max']), [1]);
});

test('so has the embedded run', options, async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pi-threads-'));
  const system = await startLauncher('embedded', await choosePlace(dataDir));
  t.after(async () => {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  assert.deepEqual(listPoolThreads(system.child.pid!), threads(cores + 4));
});
