// The private directory of a running stack: the gateways' sockets, nginx' temporary files. Whoever can reach a
// socket is believed about who is calling, so only nginx' account and ours get in. Started as root, nginx'
// workers run as an ordinary account, and the set-group-id bit hands the sockets to its group.

import { readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError } from './launch-error.ts';

export type StackRuntimeDir = { readonly path: string; readonly workerUser: string | undefined };

/** The numeric field behind `name:x:`, in /etc/passwd or /etc/group. */
function idOf(name: string, file: string): number | undefined {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((row) => row.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

/** nginx wants an account whose group has the same name. */
function workerAccount(): { user: string; uid: number; gid: number } {
  for (const user of ['www-data', 'nginx', 'nobody']) {
    const uid = idOf(user, '/etc/passwd');
    const gid = idOf(user, '/etc/group');
    if (uid !== undefined && gid !== undefined) return { user, uid, gid };
  }
  throw new LaunchError('nginx has no account to run as ("www-data", "nginx"): start as an ordinary user.');
}

/** @throws {LaunchError} when we are root and there is no account for nginx. */
export async function makeStackRuntimeDir(): Promise<StackRuntimeDir> {
  const isRoot = process.getuid?.() === 0;
  const path = await mkdtemp(join(!isRoot && tmpdir().length <= 70 ? tmpdir() : '/tmp', 'pi-gateway-'));
  if (!isRoot) return { path, workerUser: undefined };
  const { user, uid, gid } = workerAccount();
  await chown(path, uid, gid);
  await chmod(path, 0o2700);
  return { path, workerUser: user };
}
