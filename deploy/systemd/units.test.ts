import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';
import { mallocEnv } from '../../launch/node-memory.ts';
import { makeAuthority } from '../../launch/testing/certificates.ts';
import { freePort } from '../testing/start-entry.ts';

const root = join(import.meta.dirname, '../..');
const services = ['pi-auth.service', 'pi-gateway.service', 'pi-migrate.service', 'pi-upkeep.service'];
const entry = 'pi-entry.service';
const units = [...services, entry, 'pi-upkeep.timer'];
const settingNames = [...Object.values(authSettings), ...Object.values(gatewaySettings)].flatMap(
  ({ name }) => [name, `${name}_FILE`],
);

function readUnit(name: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const line of readFileSync(join(import.meta.dirname, name), 'utf8').split('\n')) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) fields.set(key, [...(fields.get(key) ?? []), value ?? '']);
  }
  return fields;
}

test('every unit is judged here', () => {
  const found = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'));
  assert.deepEqual(found.toSorted(), units.toSorted());
});

for (const name of services) {
  test(`${name}: without root, rights or a writable system, and its program and settings exist`, () => {
    const unit = readUnit(name);
    const one = (key: string) => unit.get(key)?.[0];
    for (const [key, value] of Object.entries({
      DynamicUser: 'yes',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      PrivateDevices: 'yes',
      RestrictNamespaces: 'yes',
      ...(one('Type') === 'oneshot' ? {} : { Restart: 'always' }),
    })) {
      assert.equal(one(key), value, key);
    }
    const script = one('ExecStart')!
      .split(' ')
      .find((word) => word.endsWith('.ts'))!;
    assert.ok(existsSync(join(root, script)), script);
    for (const setting of one('Environment')!
      .split(' ')
      .map((pair) => pair.split('=')[0]!)) {
      assert.ok(setting === 'NODE_ENV' || setting in mallocEnv || settingNames.includes(setting), setting);
    }
    assert.doesNotMatch(one('Environment')!, /MASTER_KEY=/, 'the master key stands in no environment');
  });
}

test(`${entry}: no rights but those nginx needs to start its workers, and its settings are settings`, () => {
  const unit = readUnit(entry);
  assert.deepEqual(unit.get('CapabilityBoundingSet'), [
    'CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL',
  ]);
  for (const key of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'RestrictNamespaces'])
    assert.deepEqual(unit.get(key), ['yes'], key);
  assert.deepEqual([unit.get('ProtectSystem'), unit.get('Restart')], [['strict'], ['always']]);
  const program = readFileSync(join(root, 'deploy/nginx/render-entry.ts'), 'utf8');
  const names = unit
    .get('Environment')!
    .flatMap((line) => line.split(' ').map((pair) => pair.split('=')[0]!));
  for (const name of names) assert.match(program, new RegExp(`^  ${name} = `, 'm'));
});

test(`${entry}: its commands serve by TLS, a reload takes a renewed certificate, and a stop lets requests end`, async (t) => {
  const runDir = mkdtempSync(join(tmpdir(), 'pi-entry-'));
  const unit = readUnit(entry);
  let held = () => {};
  const gateway = createServer((_req, res) => {
    held = () => res.end('ok');
  });
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
  const authority = makeAuthority();
  const certify = () => {
    const { certificate, key } = authority.issue({ names: ['localhost'] });
    writeFileSync(join(runDir, 'tls.crt'), certificate);
    writeFileSync(join(runDir, 'tls.key'), key);
    return new X509Certificate(certificate).serialNumber;
  };
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chmodSync(runDir, 0o755);
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] };
  for (const pair of unit.get('Environment')!.flatMap((line) => line.split(' '))) {
    const [name = '', ...value] = pair.split('=');
    env[name] = value.join('=').replace('%t/pi-entry', runDir);
  }
  // What stands in entry.env goes before.
  Object.assign(env, {
    GATEWAY_ADDRESS: `127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    LISTEN: `unix:${join(runDir, 'plain.sock')}`,
    TLS_LISTEN: `127.0.0.1:${port}`,
    TLS_CERTIFICATE: join(runDir, 'tls.crt'),
    TLS_KEY: join(runDir, 'tls.key'),
    ACCESS_LOG: join(runDir, 'access.log'),
    ...(isRoot ? {} : { WORKER_USER: '' }),
  });
  const wordsOf = (line: string) => line.replaceAll('%t/pi-entry', runDir).split(' ');
  const run = (line: string) => {
    const [program = '', ...args] = wordsOf(line);
    const { status, stderr } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8' });
    assert.equal(status, 0, `${line}: ${stderr}`);
  };
  const first = certify();
  run(unit.get('ExecStartPre')![0]!);
  const [program = '', ...args] = wordsOf(unit.get('ExecStart')![0]!);
  const nginx = spawn(program, args, { cwd: root, env, stdio: 'inherit' });
  t.after(async () => {
    nginx.kill('SIGKILL');
    gateway.closeAllConnections();
    gateway.close();
    rmSync(runDir, { recursive: true, force: true });
  });

  const connectOnce = async () => {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      ca: authority.certificate,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    return socket;
  };
  const presents = async (serial: string) => {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const socket = await connectOnce().catch(() => undefined);
      const shown = socket?.getPeerCertificate().serialNumber;
      socket?.destroy();
      if (shown === serial) return;
      assert.ok(performance.now() < deadline, `shown: ${shown}`);
      await delay(20);
    }
  };
  await presents(first);
  const second = certify();
  const [render = '', check = '', hangUp = ''] = unit.get('ExecReload')!;
  run(render);
  run(check);
  assert.equal(hangUp, '/bin/kill -HUP $MAINPID');
  nginx.kill('SIGHUP');
  await presents(second);

  const socket = await connectOnce();
  const asked = once(gateway, 'request');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await asked;
  const ended = once(nginx, 'exit');
  nginx.kill(unit.get('KillSignal')![0] as NodeJS.Signals);
  held();
  let answer = '';
  for await (const text of socket.setEncoding('latin1')) answer += text as string;
  assert.match(answer, /^HTTP\/1\.1 200 .*\r\n\r\nok$/s);
  assert.deepEqual(await ended, [0, null]);
});

test(`${entry}: a setting that cannot be is told in one line, and nothing is written`, () => {
  const file = join(tmpdir(), `pi-entry-${process.pid}.conf`);
  for (const [env, message] of [
    [{}, 'GATEWAY_ADDRESS: must name a gateway as host:port, or several of them\n'],
    [{ GATEWAY_ADDRESS: 'a:1', TLS: 'yes' }, 'TLS: must be on or off\n'],
  ] as const) {
    const args = ['deploy/nginx/render-entry.ts', file];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
    assert.deepEqual([status, stderr, existsSync(file)], [1, message, false]);
  }
});

test("only what migrates and keeps up has the connection of the schema's owner, and auth starts behind it", () => {
  const readers = services.filter((name) =>
    readUnit(name).get('EnvironmentFile')?.includes('/etc/pi-gateway/owner.env'),
  );
  assert.deepEqual(readers, ['pi-migrate.service', 'pi-upkeep.service']);
  const auth = readUnit('pi-auth.service');
  assert.match(auth.get('After')![0]!, /\bpi-migrate\.service\b/);
  assert.match(auth.get('Wants')![0]!, /\bpi-migrate\.service pi-upkeep\.timer\b/);
  // A start that is bound to it would end for good when the database is away for a moment.
  assert.equal(auth.get('Requires'), undefined);
});

for (const name of units) {
  test(`${name}: systemd takes it, and finds little exposed`, (t) => {
    const path = join(import.meta.dirname, name);
    const run = (...args: string[]) => spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' });
    const verified = run('verify', '--man=no');
    // Nor does anybody run the unit there.
    if (verified.error !== undefined)
      return t.diagnostic('systemd is not on this machine: the tests above alone judge the unit');
    // It reads all that the unit refers to, and may find fault with units of the machine.
    const ours = verified.stderr.split('\n').filter((line) => line.includes(name));
    assert.deepEqual(ours, []);
    if (!name.endsWith('.service')) return;
    // In tenths. nginx' master process is root, which by itself counts for four.
    const security = run('security', '--offline=true', `--threshold=${name === entry ? 30 : 20}`);
    assert.equal(security.status, 0, security.stdout);
  });
}
