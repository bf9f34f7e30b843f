// The programs that tests start: nginx, Redis, the other proxies that the documentation has samples for, and curl for
// the README's commands. On Debian as root a missing one is installed, without starting it as a system service;
// anywhere else the error names the one command that does it. Benchmarks install theirs by the same way.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from '../find-program.ts';
import { LaunchError } from '../launch-error.ts';

// Debian package and the program that it brings have the same name.
const needed = ['nginx', 'redis-server', 'curl'];
// Only the tests of our samples for them need these; without them those tests fail, and no other.
const sampled = ['caddy', 'haproxy'];
const brewNames: Readonly<Record<string, string>> = {
  'redis-server': 'redis',
  'postgresql-contrib': 'postgresql',
};
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

export type ServerProgram = { readonly program: string; readonly packageName: string };

/** @throws {LaunchError} naming the one command, where this account or system does not let us install. */
export function installServerPrograms(): void {
  const samePackage = (program: string): ServerProgram => ({ program, packageName: program });
  installPrograms(needed.map(samePackage));
  try {
    installPrograms(sampled.map(samePackage));
  } catch (error) {
    console.error(error instanceof LaunchError ? error.message : String(error));
  }
}

/** @throws {LaunchError} likewise. */
export function installPrograms(programs: readonly ServerProgram[]): void {
  const missing = programs.filter(({ program }) => !isThere(program));
  if (missing.length === 0) return;
  const names = missing.map(({ program }) => program);
  const packages = missing.map(({ packageName }) => packageName);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    const isMac = process.platform === 'darwin';
    const brew = `brew install ${packages.map((name) => brewNames[name] ?? name).join(' ')}`;
    const apt = `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
    throw new LaunchError(`${names.join(' and ')} missing: install with: ${isMac ? brew : apt}`);
  }
  console.error(`installing ${packages.join(', ')} …`);
  const ownPolicy = !existsSync(policyPath);
  if (ownPolicy) writeFileSync(policyPath, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update', '-qq');
    aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages);
  } finally {
    if (ownPolicy) rmSync(policyPath, { force: true });
  }
}
