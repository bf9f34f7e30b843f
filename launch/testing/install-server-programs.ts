// The programs that tests start: nginx, Redis, the other proxies that the documentation has samples for, and curl for
// the README's commands. On Debian as root a missing one is installed, without starting it as a system service;
// anywhere else the error names the one command that does it.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from '../find-program.ts';
import { LaunchError } from '../launch-error.ts';

// Debian package and the program that it brings have the same name.
const needed = ['nginx', 'redis-server', 'curl'];
// Only the tests of our samples for them need these; without them those tests fail, and no other.
const sampled = ['caddy', 'haproxy'];
// While it says 101, no package starts a service (invoke-rc.d(8)).
const policyPath = '/usr/sbin/policy-rc.d';

function isThere(program: string): boolean {
  try {
    findProgram(program, program);
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
  const missing = [...needed, ...sampled].filter((program) => !isThere(program));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    const command =
      process.platform === 'darwin'
        ? 'brew install nginx redis caddy haproxy curl'
        : `sudo apt-get install -y --no-install-recommends ${[...needed, ...sampled].join(' ')}`;
    const message = `the tests need ${missing.join(' and ')}: install with: ${command}`;
    if (needed.some((program) => missing.includes(program))) throw new LaunchError(message);
    console.error(message);
    return;
  }
  console.error(`installing ${missing.join(', ')} …`);
  const ownPolicy = !existsSync(policyPath);
  if (ownPolicy) writeFileSync(policyPath, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update', '-qq');
    for (const programs of [needed, sampled]) {
      const absent = programs.filter((program) => missing.includes(program));
      if (absent.length > 0) aptGet('install', '-y', '-qq', '--no-install-recommends', ...absent);
    }
  } catch (error) {
    if (!needed.every(isThere)) throw error;
    console.error(String(error));
  } finally {
    if (ownPolicy) rmSync(policyPath, { force: true });
  }
}
