import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { lockDataDir, readRunState } from './data-dir-lock.ts';
import { ensureMasterKey } from './master-key-file.ts';
import { localOrigin, localRequest, settlePorts } from './settle-ports.ts';

const scratch = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(scratch, { recursive: true, force: true }));

describe('the lock of a data directory', () => {
  const dir = join(scratch, 'locked');

  /** Takes the lock in a process of its own, which then ends without releasing it. */
  function takeElsewhere(): string {
    const script = `
      import { lockDataDir } from ${JSON.stringify(new URL('./data-dir-lock.ts', import.meta.url).href)};
      try { lockDataDir(${JSON.stringify(dir)}, 'stack'); console.log('taken by ' + process.pid); }
      catch (error) { console.log(error.message); }
      process.kill(process.pid, 'SIGKILL');`;
    const args = ['--input-type=module-typescript', '-e', script];
    return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout;
  }

  test('it ends with the process that was killed, and the next one is told where servers were', () => {
    const pid = /^taken by (\d+)/.exec(takeElsewhere())?.[1];
    assert.equal(readRunState(dir)?.pid, Number(pid));
    const lock = lockDataDir(dir, 'embedded');
    assert.equal(readRunState(dir)?.pid, process.pid);
    lock.release();
    assert.equal(readRunState(dir), undefined);
  });

  test('while it is held, another run stops with one line that names the holder', () => {
    const lock = lockDataDir(dir, 'embedded');
    assert.match(
      takeElsewhere(),
      new RegExp(`^DATA_DIR: .* in use by process ${process.pid}: stop it first, .*\n$`),
    );
    lock.release();
    assert.match(takeElsewhere(), /^taken by/);
  });

  test('a path that is no folder is refused in one line', () => {
    writeFileSync(join(scratch, 'file'), '');
    assert.throws(
      () => lockDataDir(join(scratch, 'file'), 'embedded'),
      /^LaunchError: DATA_DIR: cannot write to .*$/,
    );
  });

  // /dev/full answers every write as a full disk does (full(4)).
  const fullDevice = { skip: process.platform !== 'linux' && 'only Linux has /dev/full' };
  test('a full disk stops the start in one line that says so, and holds no lock', fullDevice, () => {
    const full = join(scratch, 'full');
    mkdirSync(full);
    symlinkSync('/dev/full', join(full, 'run.json.new'));
    assert.throws(
      () => lockDataDir(full, 'embedded'),
      new RegExp(
        `^LaunchError: DATA_DIR: cannot write to ${full} \\(ENOSPC\\): its disk is full, make room first\\.$`,
      ),
    );
    rmSync(join(full, 'run.json.new'));
    lockDataDir(full, 'embedded').release();
  });
});

describe('the master key of a data directory', () => {
  const dir = join(scratch, 'key');
  mkdirSync(dir);

  test('it is made once, and only its owner can read it', () => {
    const key = ensureMasterKey(dir);
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal(statSync(join(dir, 'master.key')).mode & 0o777, 0o600);
    assert.equal(ensureMasterKey(dir), key);
  });

  test('one that is damaged is told, not replaced', () => {
    writeFileSync(join(dir, 'master.key'), 'abc\n');
    assert.throws(() => ensureMasterKey(dir), /^LaunchError: .*holds no master key.*backup\.$/);
    assert.equal(readFileSync(join(dir, 'master.key'), 'utf8'), 'abc\n');
  });

  test('none is made beside a database that needs the one that is gone', () => {
    rmSync(join(dir, 'master.key'));
    mkdirSync(join(dir, 'postgres'));
    assert.throws(
      () => ensureMasterKey(dir),
      /^LaunchError: .*master\.key is missing, and the database .* needs it/,
    );
  });
});

describe('ports', () => {
  test('an occupied one is told with its setting; 0 becomes a free one; off stays off', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    await assert.rejects(
      settlePorts('127.0.0.1', [{ setting: 'AUTH_PORT', port }]),
      new RegExp(`^LaunchError: AUTH_PORT: port ${port} on 127\\.0\\.0\\.1 is in use: .*set AUTH_PORT`),
    );
    holder.close();
    const settled = await settlePorts('127.0.0.1', [
      { setting: 'ENTRY_PORT', port: 0 },
      { setting: 'AUTH_METRICS_PORT', port: 'off' },
    ]);
    assert.ok(Number(settled['ENTRY_PORT']) > 1023);
    assert.equal(settled['AUTH_METRICS_PORT'], 'off');
  });

  test('one that two settings want is told', async () => {
    const { ENTRY_PORT: port } = await settlePorts('127.0.0.1', [{ setting: 'ENTRY_PORT', port: 0 }]);
    const wanted = [
      { setting: 'ENTRY_PORT', port: Number(port) },
      { setting: 'AUTH_PORT', port: Number(port) },
    ];
    await assert.rejects(
      settlePorts('127.0.0.1', wanted),
      /^LaunchError: AUTH_PORT: port \d+ is ENTRY_PORT already/,
    );
  });

  test('a host that is no address of this machine is told by its setting', () =>
    assert.rejects(
      settlePorts('192.0.2.1', [{ setting: 'AUTH_PORT', port: 0 }]),
      /^LaunchError: HOST: 192\.0\.2\.1 /,
    ));

  test('this machine reaches a service that listens everywhere on loopback', () => {
    assert.equal(localOrigin('0.0.0.0', 8000), 'http://127.0.0.1:8000');
    assert.equal(localOrigin('::', 8000), 'http://[::1]:8000');
    assert.equal(localRequest('0.0.0.0', 8000).hostname, '127.0.0.1');
    assert.equal(localRequest('::', 8000).hostname, '::1');
  });
});
