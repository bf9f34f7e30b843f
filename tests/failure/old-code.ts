// The code as it was before the newest migration, from the history of the repository, to be run beside the present one.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type OldCode = { readonly root: string; readonly migration: string; remove(): void };

const root = fileURLToPath(new URL('../../', import.meta.url));
const migrations = 'services/auth/db/migrations';

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
}

/** @throws {Error} when there is no history to take it from. */
export function checkOutOldCode(): OldCode {
  const newest = readdirSync(join(root, migrations))
    .filter((name) => name.endsWith('.up.sql'))
    .toSorted()
    .at(-1)!;
  const added = git('log', '-1', '--format=%H', '--diff-filter=A', '--', `${migrations}/${newest}`);
  if (added === '') throw new Error(`${newest} is not committed yet: there is no code before it`);
  const dir = mkdtempSync(join(tmpdir(), 'pi-old-'));
  const archive = execFileSync('git', ['archive', `${added}^`], { cwd: root, maxBuffer: 512 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', dir], { input: archive });
  // Hard links, and the links of workspaces lead into the old tree.
  execFileSync('cp', ['-al', join(root, 'node_modules'), join(dir, 'node_modules')]);
  return { root: dir, migration: newest, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
