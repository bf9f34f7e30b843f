import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { prepareDatabase } from '../../services/auth/db/prepare-database.ts';
import { freePorts } from '../../tests/journeys/free-ports.ts';
import { makeSecrets } from './make-secrets.ts';

const root = join(import.meta.dirname, '../..');
const scratch = await mkdtemp(join(tmpdir(), 'pi-test-'));
after(() => rm(scratch, { recursive: true, force: true }));

type Instruction = { readonly name: string; readonly value: string };

function readDockerfile(path: string): Instruction[] {
  const text = readFileSync(join(root, path), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.trim().split(/\s+/);
      return { name, value: rest.join(' ') };
    });
}

const known = [
  'FROM',
  'WORKDIR',
  'COPY',
  'RUN',
  'ENV',
  'ARG',
  'USER',
  'CMD',
  'ENTRYPOINT',
  'EXPOSE',
  'STOPSIGNAL',
];

for (const path of ['deploy/docker/Dockerfile', 'deploy/docker/nginx.Dockerfile']) {
  test(`${path}: official images pinned by tag, what it copies exists, and it ends as an ordinary user`, () => {
    const instructions = readDockerfile(path);
    const valuesOf = (name: string) =>
      instructions.filter((one) => one.name === name).map((one) => one.value);
    for (const { name } of instructions) assert.ok(known.includes(name), `unknown instruction ${name}`);
    for (const image of valuesOf('FROM'))
      assert.match(image, /^((node:26-slim|nginx:stable)( AS [a-z]+)?|scratch)$/);
    for (const copy of valuesOf('COPY')) {
      const sources = copy.split(' ').slice(0, -1);
      if (copy.startsWith('--from=')) continue;
      for (const source of sources)
        assert.ok(source === '.' || globSync(source, { cwd: root }).length > 0, `COPY ${copy}`);
    }
    const users = valuesOf('USER');
    assert.ok(users.length > 0 && !users.includes('root') && !users.includes('0'));
    const [command = ''] = valuesOf('CMD');
    const words = JSON.parse(command) as string[];
    const script = words.find((word) => word.endsWith('.ts'));
    assert.ok(script === undefined || existsSync(join(root, script)), command);
    for (const run of valuesOf('RUN')) {
      for (const [file = ''] of run.matchAll(/\S+\.ts\b/g)) assert.ok(existsSync(join(root, file)), run);
    }
  });
}

const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
const kept = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));

test('the context of the images holds what they copy and run, and no secret', () => {
  assert.ok(ignore.includes('*') && ignore.includes('**/node_modules'));
  for (const path of kept) assert.ok(globSync(path, { cwd: root }).length > 0, `${path} is not there`);
  assert.ok(!kept.some((path) => path.includes('.env') || path.includes('.data')));
});

test('every module that the services and pi load is in the context, and loading them starts nothing', () => {
  const loaded = join(scratch, 'loaded');
  const hook = `import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });`;
  const importHook = `data:text/javascript,${encodeURIComponent(hook)}`;
  const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: join(scratch, 'cache'), LOADED: loaded };
  for (const command of [['deploy/docker/fill-compile-cache.ts'], ['cli/pi.ts', '--help']]) {
    const args = ['--import', importHook, ...command];
    const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env, timeout: 60_000 });
    assert.deepEqual([run.status, run.stderr], [0, '']);
    assert.match(run.stdout, command.length === 1 ? /^$/ : /^Usage: pi /);
  }
  const ours = readFileSync(loaded, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'))
    .map((url) => relative(root, fileURLToPath(url)));
  assert.ok(ours.length > 200, String(ours.length));
  const outside = ours.filter(
    (path) => !kept.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
  );
  assert.deepEqual(outside, []);
});

test('secrets are made once, kept ever after, and another master key is refused', async () => {
  const dirs = { keys: join(scratch, 'keys'), database: join(scratch, 'database') };
  await Promise.all(Object.values(dirs).map((dir) => mkdir(dir)));
  makeSecrets(dirs);
  const key = await readFile(join(dirs.keys, 'master.key'), 'utf8');
  assert.match(key, /^[0-9a-f]{64}\n$/);
  assert.equal((await stat(join(dirs.keys, 'master.key'))).mode & 0o777, 0o400);
  makeSecrets(dirs);
  makeSecrets(dirs, key.trim());
  assert.equal(await readFile(join(dirs.keys, 'master.key'), 'utf8'), key);
  assert.throws(() => makeSecrets(dirs, 'f'.repeat(64)), /^Error: MASTER_KEY: is not the key in use/);
  const password = (await readFile(join(dirs.database, 'owner.password'), 'utf8')).trim();
  const url = new URL(await readFile(join(dirs.database, 'owner.url'), 'utf8'));
  assert.deepEqual([url.username, url.password, url.hostname], ['pi_owner', password, 'postgres']);
});

for (const tls of ['off', 'on']) {
  test(`nginx accepts the configuration of its image, TLS ${tls}`, async () => {
    const rendered = execFileSync(process.execPath, ['deploy/nginx/render-entry.ts'], {
      cwd: root,
      encoding: 'utf8',
      env: { GATEWAY_ADDRESS: '172.30.238.20:8001', TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8', TLS: tls },
    });
    assert.equal(/listen "?8443"? ssl/.test(rendered), tls === 'on');
    const dir = join(scratch, `nginx-${tls}`);
    await mkdir(dir);
    if (tls === 'on') {
      const { makeAuthority } = await import('../../launch/testing/certificates.ts');
      const { certificate, key } = makeAuthority().issue({ names: ['localhost'] });
      await writeFile(join(dir, 'tls.crt'), certificate);
      await writeFile(join(dir, 'tls.key'), key);
    }
    const [port, tlsPort] = await freePorts(2);
    const text = rendered
      .replaceAll(/"\/tmp\/(nginx\.pid|client-body|proxy|unused-[a-z]+)"/g, `"${dir}/$1"`)
      .replaceAll('/etc/nginx/tls', dir)
      .replace(/(listen "?)8080/, `$1${port}`)
      .replace(/(listen "?)8443/, `$1${tlsPort}`)
      .replaceAll('/dev/stdout', '/dev/null');
    await writeFile(join(dir, 'nginx.conf'), text);
    const run = spawnSync('nginx', ['-t', '-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')], {
      encoding: 'utf8',
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    assert.equal(run.status, 0, run.stderr);
    assert.doesNotMatch(run.stderr, /\[(warn|emerg)\]/);
  });
}

test('the database of the containers lets auth migrate as its owner and serve with the rights of pi_app only', async () => {
  const { superuserUrl } = await createTestDatabase();
  const script = await readFile(join(import.meta.dirname, 'create-database.sh'), 'utf8');
  const sql = /<<'SQL'\n(.*)\nSQL\n/s.exec(script)?.[1] ?? '';
  const superuser = new Client({ connectionString: superuserUrl });
  await superuser.connect();
  // The server of tests has a role and a database of these names already.
  const renamed = sql
    .replaceAll(/\bpi_owner\b/g, 'container_owner')
    .replaceAll(/DATABASE pi\b/g, 'DATABASE container')
    .replaceAll(":'owner_password'", "'o'")
    .replaceAll(":'service_password'", "'s'");
  for (const statement of renamed.split(';\n').filter((line) => line.trim() !== ''))
    await superuser.query(statement);
  await superuser.end();

  const urlOf = (role: string) => {
    const url = new URL(superuserUrl);
    url.username = role;
    url.pathname = '/container';
    return url.href;
  };
  const log = createLog({ service: 'test', level: 'silent' });
  await prepareDatabase({ ownerUrl: urlOf('container_owner'), servingUrl: urlOf('pi_service'), log });
  const service = new Client({ connectionString: urlOf('pi_service'), options: '-c role=pi_app' });
  await service.connect();
  const { rows } = await service.query('SELECT current_user AS serves, count(*)::int AS users FROM users');
  assert.deepEqual(rows, [{ serves: 'pi_app', users: 0 }]);
  await assert.rejects(service.query('DELETE FROM audit_log'), /permission denied/);
  await assert.rejects(service.query('RESET ROLE; DROP TABLE users'), /must be owner/);
  await service.end();
});

test('the health check of the containers tells ready from not ready', async (t) => {
  let status = 200;
  const server = createServer((_req, res) => res.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const check = async () => {
    const child = spawn(process.execPath, ['deploy/docker/check-ready.ts', String(port)], { cwd: root });
    const [code] = (await once(child, 'exit')) as [number];
    return code;
  };
  assert.equal(await check(), 0);
  status = 503;
  assert.equal(await check(), 1);
});

test('the image carries a bill of materials, made of the lock file by a command that works', () => {
  const run = readDockerfile('deploy/docker/Dockerfile').find(({ value }) =>
    value.includes('npm sbom'),
  )?.value;
  const [, command = '', file] = /npm (sbom [^>]+) > (\S+)/.exec(run ?? '') ?? [];
  assert.equal(file, 'sbom.cdx.json');
  const { status, stdout } = spawnSync('npm', command.trim().split(' '), { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0);
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string;
    components: { name: string }[];
  };
  assert.equal(bomFormat, 'CycloneDX');
  for (const name of ['fastify', 'pg', 'undici', 'commander']) {
    assert.ok(
      components.some((one) => one.name === name),
      name,
    );
  }
});

test('the script for the database is executable, for the postgres image runs it', async () => {
  const path = join(import.meta.dirname, 'create-database.sh');
  assert.ok(((await stat(path)).mode & 0o111) !== 0);
  execFileSync('bash', ['-n', path]);
});
