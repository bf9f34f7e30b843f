import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '../../launch/testing/test-database.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let env: Record<string, string>;
before(async () => {
  const { url } = await createTestDatabase();
  env = {
    DATABASE_URL: url,
    MASTER_KEY: 'ab'.repeat(32),
    AUTH_PORT: '0',
    AUTH_METRICS_PORT: '0',
    LOG_LEVEL: 'info',
  };
});

function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env: { PATH: process.env.PATH, ...settings } });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += String(chunk)));
  child.stderr.on('data', (chunk) => (output.err += String(chunk)));
  return { child, output };
}

async function untilListening(
  child: ChildProcess,
  output: { err: string },
): Promise<{ url: string; metrics: string }> {
  while (!output.err.includes('auth is listening')) {
    await Promise.race([once(child.stderr!, 'data'), once(child, 'exit')]);
    assert.equal(child.exitCode, null, output.err);
  }
  return JSON.parse(output.err.split('\n').find((line) => line.includes('auth is listening'))!) as {
    url: string;
    metrics: string;
  };
}

test('the first start shows a generated password once, on standard output only, and it signs in', async () => {
  const { child, output } = start(env);
  const { url, metrics } = await untilListening(child, output);
  const password = /password {2}(\S+)/.exec(output.out)?.[1];
  assert.ok(password !== undefined && password.length >= 20);
  assert.ok(!output.err.includes(password));
  const login = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@example.com', password }),
  });
  assert.equal(login.status, 200);
  const scraped = await (await fetch(`${metrics}/metrics`)).text();
  assert.match(scraped, /pi_auth_logins_total\{outcome="succeeded"\} 1/);
  assert.equal((await fetch(`${metrics}/`)).status, 404);
  assert.equal((await fetch(`${url}/metrics`)).status, 404);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);

  const second = start(env);
  await untilListening(second.child, second.output);
  assert.equal(second.output.out, '');
  second.child.kill('SIGINT');
  assert.deepEqual(await once(second.child, 'exit'), [0, null]);
});

test('what makes a start impossible is one line that names the setting, and an exit code', async () => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  const { port } = occupied.address() as { port: number };
  const cases: [Record<string, string>, RegExp][] = [
    [{ DATABASE_URL: '' }, /^auth: DATABASE_URL: must be set$/],
    [{ MASTER_KEY: '' }, /^auth: MASTER_KEY: must be set/],
    [{ MASTER_KEY: 'short' }, /^auth: MASTER_KEY: must be 32 random bytes/],
    [{ MASTER_KEY: 'cd'.repeat(32) }, /^auth: MASTER_KEY: is not the one this database was set up with$/],
    [{ DATABASE_URL: 'postgres://x:secret@127.0.0.1:1/x' }, /^auth: DATABASE_URL: connect ECONNREFUSED/],
    [{ AUTH_PORT: String(port) }, /^auth: AUTH_PORT: port \d+ on 127.0.0.1 is in use$/],
    [{ AUTH_METRICS_PORT: String(port) }, /^auth: AUTH_METRICS_PORT: port \d+ on 127.0.0.1 is in use$/],
    [{ TRUSTED_PROXIES: '10.0.0.0/99' }, /^auth: TRUSTED_PROXIES: /],
    [{ RATE_LIMIT_LOGIN_PER_IP: '20' }, /^auth: RATE_LIMIT_LOGIN_PER_IP: must be/],
    [{ PASSWORD_HASH_PASSES: '1' }, /^auth: PASSWORD_HASH_MEMORY_KIB: must be at least 47104/],
    [{ REGISTRATION: 'maybe' }, /^auth: REGISTRATION: must be one of/],
  ];
  for (const [settings, line] of cases) {
    const { child, output } = start({ ...env, LOG_LEVEL: 'silent', ...settings });
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 1, output.err);
    assert.match(output.err.trim(), line);
    assert.equal(output.err.trim().split('\n').length, 1);
    assert.ok(!output.err.includes('secret@'));
  }
  occupied.close();
});
