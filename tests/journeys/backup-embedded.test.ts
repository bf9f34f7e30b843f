import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choosePlace, type Place, startSystem } from './spawn-system.ts';
import { call, logIn, walk, walker } from './walk.ts';

const root = join(import.meta.dirname, '..', '..');
const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(dir, { recursive: true, force: true }));
const backup = join(dir, 'pi.backup');

function pi(place: Place, ...args: string[]): string {
  const env = { PATH: process.env['PATH'], ...place.env };
  const { stdout, stderr, status } = spawnSync(process.execPath, ['cli/pi.ts', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('a run is backed up while it is up, and restored into an empty folder: the walk passes, the dead stay dead', async (t) => {
  const limits = { RATE_LIMIT_LOGIN_PER_IP: '300/60' };
  const place = await choosePlace(join(dir, 'first'), limits);
  const first = await startSystem('embedded', place);
  t.after(() => first.killGroup().catch(() => undefined));
  const admin = first.admin!;
  const registered = await call('POST', `${place.entryUrl}/api/auth/register`, { body: walker });
  assert.equal(registered.status, 201);
  const [lost, living] = [await logIn(place.entryUrl, walker), await logIn(place.entryUrl, walker)];
  const body = { refresh_token: lost.refresh_token };
  assert.equal((await call('POST', `${place.entryUrl}/api/auth/logout`, { body })).status, 204);
  pi(place, 'backup', backup);
  assert.equal(await first.stop(), 0);

  const other = await choosePlace(join(dir, 'second'), limits);
  await mkdir(join(dir, 'second'), { mode: 0o700 });
  await cp(join(dir, 'first', 'master.key'), join(dir, 'second', 'master.key'));
  pi(other, 'restore', backup);
  assert.match(pi(other, 'audit', 'verify'), /^the log holds/m, 'before anything is started');
  const second = await startSystem('embedded', other);
  t.after(() => second.killGroup().catch(() => undefined));
  assert.equal(second.admin, undefined, 'no second administrator was made');
  for (const tokens of [lost, living]) {
    const refreshed = await call('POST', `${other.entryUrl}/api/auth/refresh`, {
      body: { refresh_token: tokens.refresh_token },
    });
    assert.equal(refreshed.status, 401);
    const me = await call('GET', `${other.entryUrl}/api/auth/me`, { token: tokens.access_token });
    assert.deepEqual([me.status, me.body['code']], [401, 'invalid_token']);
  }
  await walk(other.entryUrl, admin, true);
  assert.match(pi(other, 'audit', 'verify'), /^the log holds/m);
  assert.equal(await second.stop(), 0);
  // Without a run that is up its PostgreSQL is started for it.
  assert.match(pi(other, 'backup', join(dir, 'stopped.backup')), / rows as of /);
});
