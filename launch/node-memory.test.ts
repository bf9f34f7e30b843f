import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mallocEnv, v8Flags } from './node-memory.ts';

const root = join(import.meta.dirname, '..');
const main = 'services/gateway/main.ts';

function holds(file: string, wanted: string): void {
  assert.ok(readFileSync(join(root, file), 'utf8').includes(wanted), `${file}: ${wanted}`);
}

test('a gateway gets the same flags wherever it is deployed, and Node takes them', () => {
  const command = ['node', ...v8Flags(main), main];
  holds('compose.yaml', `command: [${command.join(', ')}]`);
  holds('deploy/kubernetes/gateway.yaml', `command: [${command.join(', ')}]`);
  holds('deploy/systemd/pi-gateway.service', `ExecStart=/usr/bin/env ${command.join(' ')}`);
  const { status, stderr } = spawnSync(process.execPath, [...v8Flags(main), '-e', '0'], { encoding: 'utf8' });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

test('npm start gets those of the embedded run', () => {
  const run = 'launch/embedded.ts';
  holds('package.json', ` exec ${['node', ...v8Flags(run), run].join(' ')}"`);
});

test('other services get none', () => {
  assert.deepEqual(v8Flags('services/auth/main.ts'), []);
});

test('wherever a service is deployed, its threads share one arena', () => {
  for (const [name, value] of Object.entries(mallocEnv)) {
    const assignment = ` ${name}=${value} `;
    holds('package.json', assignment);
    holds('deploy/docker/Dockerfile', assignment);
    holds('deploy/systemd/pi-auth.service', assignment);
    holds('deploy/systemd/pi-gateway.service', assignment);
  }
});
