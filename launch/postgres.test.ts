import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { createTestDatabase } from './testing/test-database.ts';

const log = createLog({ service: 'test', level: 'silent' });
const scratch = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(scratch, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function queryWhenBack(url: string, sql: string): Promise<unknown[]> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      return await query(url, sql);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}

/** As a folder below /root: nobody but its owner gets through. */
async function closedDir(name: string): Promise<string> {
  const parent = join(scratch, name);
  await mkdir(parent, { mode: 0o700 });
  await chmod(parent, 0o700);
  return join(parent, 'data', 'postgres');
}

test('data below a folder that only its owner can enter outlives a kill of the server and a restart', async () => {
  const dir = await closedDir('closed');
  let postgres = await startPostgres({ dir, log });
  await query(postgres.ownerUrl, 'CREATE TABLE kept (id int)');
  await query(postgres.ownerUrl, 'INSERT INTO kept VALUES (7)');
  const pid = postgres.pid() ?? 0;
  process.kill(pid, 'SIGKILL');
  assert.deepEqual(await queryWhenBack(postgres.ownerUrl, 'SELECT id FROM kept'), [{ id: 7 }]);
  assert.notEqual(postgres.pid(), pid);
  await postgres.stop();
  postgres = await startPostgres({ dir, log });
  assert.deepEqual(await query(postgres.ownerUrl, 'SELECT id FROM kept'), [{ id: 7 }]);
  await postgres.stop();
});

test('the owner is no superuser, the encoding is UTF8, writes are flushed, no TCP port is open', async () => {
  const postgres = await startPostgres({ dir: await closedDir('settings'), log });
  const [row] = await query(
    postgres.ownerUrl,
    `SELECT rolsuper, current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
            current_setting('listen_addresses') AS addresses FROM pg_roles WHERE rolname = current_user`,
  );
  assert.deepEqual(row, { rolsuper: false, encoding: 'UTF8', fsync: 'on', addresses: '' });
  await postgres.stop();
});

/** A corpse that nobody has collected does not run. */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout !== '' && !stdout.startsWith('Z');
}

/** Starts a server in a process that is then killed, together with its guard. */
async function leaveOrphan(dir: string): Promise<number> {
  const script = `
    import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)};
    import { createLog } from ${JSON.stringify(import.meta.resolve('@pi-gateway/log/log.ts'))};
    import { execFileSync } from 'node:child_process';
    const dir = ${JSON.stringify(dir)};
    const postgres = await startPostgres({ dir, log: createLog({ service: 'test', level: 'silent' }) });
    const guards = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
    const guard = guards.split('\\n').find((line) => line.includes('pi-gateway-guard'));
    process.kill(Number.parseInt(guard), 'SIGKILL');
    process.kill(process.pid, 'SIGKILL');
  `;
  spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'inherit' });
  const pid = Number((await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  assert.equal(runs(pid), true);
  return pid;
}

test('a server that a killed run left behind is stopped, and the next start serves the same data', async (t) => {
  const dir = await closedDir('orphan');
  const orphan = await leaveOrphan(dir);
  const postgres = await startPostgres({ dir, log });
  t.after(() => postgres.stop());
  assert.equal(runs(orphan), false);
  assert.deepEqual(await query(postgres.ownerUrl, 'SELECT 1 AS one'), [{ one: 1 }]);
});

test('a stale postmaster.pid that names a foreign living process is put aside and the process left alone', async () => {
  const dir = await closedDir('stale');
  await (await startPostgres({ dir, log })).stop();
  await writeFile(join(dir, 'postmaster.pid'), `${process.pid}\n/x\n0\n0\n\n\n\nready\n`);
  const postgres = await startPostgres({ dir, log });
  assert.deepEqual(await query(postgres.ownerUrl, 'SELECT 1 AS one'), [{ one: 1 }]);
  await postgres.stop();
});

test('an interrupted first start leaves nothing in the way of the next', async () => {
  const dir = await closedDir('interrupted');
  await mkdir(`${dir}.init-abc`, { recursive: true });
  await writeFile(`${dir}.init-abc/PG_VERSION`, '18\n');
  const postgres = await startPostgres({ dir, log });
  await postgres.stop();
  assert.deepEqual((await readdir(join(dir, '..'))).toSorted(), ['postgres', 'postgres.log']);
});

test('data of another major version is refused in one line that names both', async () => {
  const dir = await closedDir('version');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'PG_VERSION'), '9\n');
  await assert.rejects(
    startPostgres({ dir, log }),
    /^LaunchError: .*made by PostgreSQL 9, the program at hand is \d+:.*$/,
  );
});

test('test databases are separate', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const servers: RunningPostgres[] = [one.server, two.server];
  assert.equal(servers[0], servers[1]);
  await query(one.url, 'CREATE TABLE only_here (id int)');
  assert.deepEqual(await query(two.url, "SELECT to_regclass('only_here') AS there"), [{ there: null }]);
});
