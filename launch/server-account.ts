// PostgreSQL refuses to run as root. When we are root, its processes get another account: the one that
// already owns the data, else `postgres` where it exists, else `nobody`. initdb insists on a name in passwd.

import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LaunchError } from './launch-error.ts';

export type ServerAccount = { readonly uid: number; readonly gid: number };

/** The account for a server whose files are (or will be) in `dir`; undefined: as ourselves. */
export async function serverAccount(dir: string): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const passwd = readFileSync('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd.split('\n').find((line) => line.startsWith(`${name}:`));
    const [, , uid, gid] = fields?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new LaunchError(
    'PostgreSQL cannot run as root and there is no account "postgres" or "nobody": start as an ordinary user, or set DATABASE_URL.',
  );
}
