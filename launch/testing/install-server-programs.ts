// The programs that tests start: nginx, Redis, the other proxies that the documentation has samples for, and curl for
// the README's commands. On Debian as root a missing one is installed, without starting it as a system service;
// anywhere else the error names the one command that does it.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from '../find-program.ts';
import { LaunchError } from '../launch-error.ts';

// Debian package → the program that it brings.
const programs = {
  nginx: 'nginx',
  'redis-server': 'redis-server',
  caddy: 'caddy',
  haproxy: 'haproxy',
  curl: 'curl',
};
// While it says 101, no package starts a service (invoke-rc.d(8)).
const policyPath = '/usr/sbin/policy-rc.d';

function isThere(program: string, packageName: string): boolean {
  try {
    findProgram(program, packageName);
    return true;
  } catch {
    return false;
  }
}

function aptGet(...args: readonly string[]): void {
  const { status } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) throw new LaunchError(`apt-get ${args.join(' ')} failed: see the lines above.`);
}

/** @throws {LaunchError} naming the one command, where this account or system does not let us install. */
export function installServerPrograms(): void {
  const missing = Object.entries(programs).flatMap(([packageName, program]) =>
    isThere(program, packageName) ? [] : [packageName],
  );
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    const command =
      process.platform === 'darwin'
        ? 'brew install nginx redis caddy haproxy curl'
        : `sudo apt-get install -y --no-install-recommends ${Object.keys(programs).join(' ')}`;
    throw new LaunchError(`the tests need ${missing.join(' and ')}: install with: ${command}`);
  }
  console.error(`installing ${missing.join(', ')} …`);
  const ownPolicy = !existsSync(policyPath);
  if (ownPolicy) writeFileSync(policyPath, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update', '-qq');
    aptGet('install', '-y', '-qq', '--no-install-recommends', ...missing);
  } finally {
    if (ownPolicy) rmSync(policyPath, { force: true });
  }
}
