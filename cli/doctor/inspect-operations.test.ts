import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { makeSealedLog, type SealedLog } from '../../services/auth/testing/sealed-log.ts';
import { startTestAuth } from '../../services/auth/testing/start-test-auth.ts';
import { callPi } from '../testing/run-pi.ts';
import type { Finding } from './finding.ts';
import { judgeClock } from './inspect-clock.ts';
import { judgeDisk } from './inspect-disk.ts';
import { judgeSchema } from './inspect-schema.ts';

let log: SealedLog;
let env: Record<string, string>;
before(async () => {
  log = await makeSealedLog();
  env = { ...log.env, GATEWAY_CONFIG: new URL('../../gateway.yaml', import.meta.url).pathname };
  await (await startTestAuth(log.database.url, log.env)).close();
  await log.write(5);
  await log.seal();
});
after(() => log.close());

async function doctor(settings: Record<string, string> = {}) {
  const { code, out } = await callPi(['doctor', '--json', '--hash-ms', '1'], { ...env, ...settings });
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return { code, find: (part: string) => findings.find((finding) => finding.part === part)! };
}

test('a sound place: schema, clock, keys, audit log and limits are ok, and the exit code is 0', async () => {
  const { code, find } = await doctor();
  assert.equal(code, 0);
  for (const part of ['schema', 'storage', 'clock', 'signing keys', 'audit log', 'limits']) {
    assert.equal(find(part).state, 'ok', `${part}: ${find(part).detail}`);
  }
  assert.match(find('signing keys').detail, /the master key opens all 1$/);
});

test('a master key that is not of this database fails, and none at all is a warning', async () => {
  const wrong = await doctor({ MASTER_KEY: 'ab'.repeat(32) });
  assert.equal(wrong.code, 3);
  assert.equal(wrong.find('signing keys').detail, 'MASTER_KEY: is not the one this database was set up with');
  const none = await doctor({ MASTER_KEY: '' });
  assert.deepEqual([none.code, none.find('signing keys').state], [0, 'warn']);
});

test('an audit log that is shorter than its anchors fails', async () => {
  const anchors = await readFile(log.anchorsPath, 'utf8');
  const last = JSON.parse(anchors.trimEnd().split('\n').at(-1)!) as { number: number };
  await appendFile(log.anchorsPath, `${JSON.stringify({ ...last, number: last.number + 1 })}\n`);
  const { code, find } = await doctor();
  assert.deepEqual([code, find('audit log').state], [3, 'fail']);
  assert.match(find('audit log').detail, /run npx pi audit verify$/);
  await writeFile(log.anchorsPath, anchors);
});

test('a database that is reached and read but takes no writes fails, and says why', async () => {
  const name = new URL(log.database.url).pathname.slice(1);
  const set = (value: string) =>
    log.superuser.query(`alter database ${name} set default_transaction_read_only = ${value}`);
  await set('on');
  const { code, find } = await doctor();
  await set('off');
  assert.deepEqual([code, find('PostgreSQL').state, find('storage').state], [3, 'ok', 'fail']);
  assert.match(find('storage').detail, /read-only transaction/);
});

test('a disk without room for a piece of the log of changes fails, one that is nearly full is a warning', () => {
  const of = (bavail: number) => judgeDisk({ bavail, blocks: 1000, bsize: 1_000_000 });
  assert.deepEqual([of(16).state, of(17).state, of(99).state, of(100).state], ['fail', 'warn', 'warn', 'ok']);
  assert.equal(of(16).detail, '16 of 1000 MB are free: see docs/runbooks/full-disk.md');
});

test('limits that are off are a warning that names them', async () => {
  const { code, find } = await doctor({ RATE_LIMIT_LOGIN_PER_IP: 'off' });
  assert.deepEqual([code, find('limits').state], [0, 'warn']);
  assert.match(find('limits').detail, /^RATE_LIMIT_LOGIN_PER_IP: off/);
});

test('a run that brought its own Redis is asked for it, not told that there is none', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  t.after(() => rm(dir, { recursive: true }));
  const run = { pid: process.pid, run: 'stack', redisUrl: join(dir, 'gone.sock') };
  await writeFile(join(dir, 'run.json'), JSON.stringify(run));
  const { code, find } = await doctor({ DATA_DIR: dir });
  assert.deepEqual([code, find('Redis').state], [3, 'fail']);
  assert.match(find('limits').detail, /; shared by Redis$/);
});

test('a database without a schema fails and says what to run', async () => {
  const { url } = await createTestDatabase();
  const { code, find } = await doctor({ DATABASE_URL: url });
  assert.deepEqual([code, find('schema').state], [3, 'fail']);
  assert.match(find('schema').detail, /run npx pi migrate, or start auth$/);
});

test('a clock is ok within a second, a warning within the leeway and a failure beyond it', () => {
  const states = [0.2, -0.9, 1.5, -4, 6, -7].map((seconds) => judgeClock(seconds, 5).state);
  assert.deepEqual(states, ['ok', 'ok', 'warn', 'warn', 'fail', 'fail']);
});

test('a schema that lacks migrations, or has some that this version does not know, is a warning', () => {
  assert.equal(judgeSchema(['1', '2'], ['1', '2']).state, 'ok');
  assert.equal(judgeSchema(['1'], ['1', '2']).state, 'warn');
  assert.equal(judgeSchema(['1', '2', '3'], ['1', '2']).state, 'warn');
});
