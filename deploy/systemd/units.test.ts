import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authSettings } from '@pi-gateway/auth/config.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';

const root = join(import.meta.dirname, '../..');
const units = {
  'pi-auth.service': authSettings,
  'pi-gateway.service': gatewaySettings,
} as const;
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

for (const name of Object.keys(units)) {
  test(`${name}: without root, rights or a writable system, restarted, and its program and settings exist`, () => {
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
      Restart: 'always',
    })) {
      assert.equal(one(key), value, key);
    }
    const script = one('ExecStart')!.split(' ').at(-1)!;
    assert.ok(existsSync(join(root, script)), script);
    for (const setting of one('Environment')!
      .split(' ')
      .map((pair) => pair.split('=')[0]!)) {
      assert.ok(setting === 'NODE_ENV' || settingNames.includes(setting), setting);
    }
    assert.doesNotMatch(one('Environment')!, /MASTER_KEY=/, 'the master key stands in no environment');
  });

  test(`${name}: systemd takes it, and finds little exposed`, (t) => {
    const path = join(import.meta.dirname, name);
    const run = (...args: string[]) => spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' });
    const security = run('security', '--offline=true', '--threshold=20');
    // Nor does anybody run the unit there.
    if (security.error !== undefined)
      return t.diagnostic('systemd is not on this machine: the test above alone judges the unit');
    assert.equal(security.status, 0, security.stdout);
    const verified = run('verify', '--man=no');
    // It reads all that the unit refers to, and may find fault with units of the machine.
    const ours = verified.stderr.split('\n').filter((line) => line.includes(name));
    assert.deepEqual(ours, []);
  });
}
