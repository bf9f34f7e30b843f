import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Redis } from 'ioredis';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { killByPidFile, statusesUntilOk } from './kill-part.ts';
import { choosePlace, startRefused, startSystem } from './spawn-system.ts';
import { checkForgedAddress, checkRefusals } from './system-checks.ts';
import { call, logIn, logInStatus, walk, walker } from './walk.ts';

const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(dir, { recursive: true, force: true }));
// The walk and the kills take more logins than the default of 30 a minute; the README's own walk runs with it.
const place = await choosePlace(join(dir, 'data'), { RATE_LIMIT_LOGIN_PER_IP: '300/60' });
const base = place.entryUrl;

test('the embedded run: the walk, a restart, a kill of everything, and nothing acknowledged is lost', async (t) => {
  let system = await startSystem('embedded', place);
  t.after(() => system.killGroup().catch(() => undefined));
  const { admin } = system;
  assert.ok(admin !== undefined && admin.email === 'admin@example.com' && admin.password.length >= 12);

  await t.test('the walk passes through the entry', () => walk(base, admin));
  await t.test('health, keys and metadata stand at the root of all three', async () => {
    for (const origin of [base, place.gatewayUrl, place.authUrl]) {
      for (const path of ['/health', '/.well-known/jwks.json', '/openapi.json']) {
        assert.equal((await call('GET', origin + path)).status, 200, origin + path);
      }
    }
  });
  await t.test('a forged address is believed on none of the three ports', () => checkForgedAddress(place));
  await t.test('a second run on the same data stops with one line that names the first', async () => {
    const other = await choosePlace(join(dir, 'data'));
    const { code, stdout, stderr } = await startRefused('embedded', other);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      new RegExp(`^pi-gateway: DATA_DIR: .* in use by process ${system.child.pid}: .*\n$`),
    );
  });
  await t.test('secrets are readable by their owner only', async () => {
    assert.equal((await stat(join(dir, 'data', 'master.key'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(dir, 'data'))).mode & 0o777, 0o700);
    assert.doesNotMatch(await readFile(join(dir, 'data', 'run.json'), 'utf8'), /password|master/i);
  });

  await t.test('with PostgreSQL killed, logins get a 503 and never a 500, and soon work again', async () => {
    await killByPidFile(join(dir, 'data', 'postgres', 'postmaster.pid'));
    const seen = await statusesUntilOk(() => logInStatus(base, admin));
    assert.deepEqual(
      seen.filter((status) => status !== 200 && status !== 503),
      [],
    );
  });
  await t.test(
    'stopped by Ctrl-C and started again, the user still logs in and no password is shown',
    async () => {
      assert.equal(await system.stop('SIGINT'), 0);
      system = await startSystem('embedded', place);
      assert.equal(system.admin, undefined);
      await logIn(base, walker);
      await logIn(base, admin);
    },
  );
  await t.test(
    'killed in the middle and started again, every acknowledged registration is there',
    async () => {
      const acknowledged: string[] = [];
      let isGone = false;
      const register = async (lane: number) => {
        for (let index = 0; !isGone; index++) {
          const email = `kept-${lane}-${index}@example.com`;
          const body = { email, password: walker.password };
          const answer = await call('POST', `${base}/api/auth/register`, { body }).catch(() => undefined);
          if (answer?.status === 201) acknowledged.push(email);
          if (answer === undefined || answer.status === 429) return;
          if (acknowledged.length === 6) {
            isGone = true;
            await system.killGroup();
          }
        }
      };
      await Promise.all([register(1), register(2)]);
      assert.ok(acknowledged.length >= 6);
      system = await startSystem('embedded', place);
      for (const email of acknowledged) await logIn(base, { email, password: walker.password });
    },
  );
  assert.equal(await system.stop(), 0);
});

test('a start that cannot succeed ends with one line that says what to mend', () =>
  checkRefusals('embedded', join(dir, 'refused')));

test('npm start uses the PostgreSQL and the Redis that the environment names, and starts none of its own', async (t) => {
  const [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const given = await choosePlace(join(dir, 'given'), { DATABASE_URL: database.url, REDIS_URL: redis.url });
  const system = await startSystem('embedded', given);
  t.after(() => system.killGroup().catch(() => undefined));
  assert.ok(system.admin !== undefined);
  await walk(given.entryUrl, system.admin);
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  assert.ok((await client.keys('*')).includes('pi:revocations'));
  assert.deepEqual((await readdir(join(dir, 'given'))).toSorted(), ['master.key', 'run.json', 'run.lock']);
  assert.equal(await system.stop(), 0);
});
