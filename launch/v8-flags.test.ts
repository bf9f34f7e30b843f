import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { v8Flags } from './v8-flags.ts';

const root = join(import.meta.dirname, '..');
const main = 'services/gateway/main.ts';

test('a gateway gets the same flags wherever it is deployed, and Node takes them', () => {
  const command = ['node', ...v8Flags(main), main];
  for (const [file, line] of [
    ['compose.yaml', `command: [${command.join(', ')}]`],
    ['deploy/kubernetes/gateway.yaml', `command: [${command.join(', ')}]`],
    ['deploy/systemd/pi-gateway.service', `ExecStart=/usr/bin/env ${command.join(' ')}`],
  ] as const) {
    assert.ok(readFileSync(join(root, file), 'utf8').includes(line), `${file}: ${line}`);
  }
  const { status, stderr } = spawnSync(process.execPath, [...v8Flags(main), '-e', '0'], { encoding: 'utf8' });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

test('other services get none', () => {
  assert.deepEqual(v8Flags('services/auth/main.ts'), []);
});
