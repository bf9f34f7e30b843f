import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';

const root = join(import.meta.dirname, '../..');
const services = ['pi-auth.service', 'pi-gateway.service', 'pi-migrate.service', 'pi-upkeep.service'];
const units = [...services, 'pi-upkeep.timer'];
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
      assert.ok(setting === 'NODE_ENV' || settingNames.includes(setting), setting);
    }
    assert.doesNotMatch(one('Environment')!, /MASTER_KEY=/, 'the master key stands in no environment');
  });
}

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
    if (!services.includes(name)) return;
    const security = run('security', '--offline=true', '--threshold=20');
    assert.equal(security.status, 0, security.stdout);
  });
}
