// The database cluster on disk: made in a temporary directory and renamed when whole, so that a start that was
// killed half-way leaves nothing that looks like a database. The server's account may be unable to traverse
// the parents of the directory (DATA_DIR below /root); it is then addressed as /proc/self/cwd, a link that
// needs no permission on the way (proc_pid_cwd(5)).

import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import type { PostgresProgram } from './postgres-program.ts';
import type { ServerAccount } from './server-account.ts';

/** The role the services' migrations run as, and the database it owns. */
export const databaseOwner = { role: 'pi_owner', database: 'pi' };

/** How a child whose working directory is the cluster names it. */
export function clusterArgument(dir: string): string {
  return process.platform === 'linux' ? '/proc/self/cwd' : dir;
}

async function run(
  program: PostgresProgram,
  command: 'initdb' | 'postgres',
  args: readonly string[],
  options: { readonly dir: string; readonly account: ServerAccount | undefined; readonly input?: string },
): Promise<void> {
  const child = spawn(join(program.binDir, command), args, {
    cwd: options.dir,
    ...options.account,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const complaint = errors.split('\n').find((line) => /error:|ERROR:|FATAL:|PANIC:|could not/.test(line));
  if (code === 0 && (command === 'initdb' || complaint === undefined)) return;
  throw new LaunchError(`${command} failed in ${options.dir}: ${complaint ?? `exit code ${code}`}`);
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the cluster in `dir` unless it is there. `durable: false` (tests) skips the flush to disk.
 * @throws {LaunchError} when it cannot be made, or belongs to another major version.
 */
export async function ensureCluster(
  dir: string,
  program: PostgresProgram,
  account: ServerAccount | undefined,
  durable: boolean,
): Promise<void> {
  const parent = dirname(dir);
  const prefix = `${basename(dir)}.init-`;
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new LaunchError(
      `cannot read ${dir} (${error.code}): it belongs to another account; start as that one, or set DATA_DIR.`,
    );
  });
  if (version !== undefined) {
    if (Number(version) === program.majorVersion) return;
    throw new LaunchError(
      `${dir} was made by PostgreSQL ${version.trim()}, the program at hand is ${program.majorVersion}: use that version, or another DATA_DIR.`,
    );
  }
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const temporary = await mkdtemp(join(parent, prefix));
  try {
    await chmod(temporary, 0o700);
    if (account !== undefined) await chown(temporary, account.uid, account.gid);
    const options = { dir: temporary, account };
    const cluster = clusterArgument(temporary);
    const flags = ['--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions'];
    await run(
      program,
      'initdb',
      ['-D', cluster, '-U', 'postgres', ...flags, ...(durable ? [] : ['--no-sync'])],
      options,
    );
    const input = `CREATE ROLE ${databaseOwner.role} LOGIN CREATEROLE;\nCREATE DATABASE ${databaseOwner.database} OWNER ${databaseOwner.role};\n`;
    const off = durable ? [] : ['-c', 'fsync=off'];
    await run(program, 'postgres', ['--single', ...off, '-D', cluster, 'postgres'], { ...options, input });
    await rename(temporary, dir);
    if (durable) await syncDirectory(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
