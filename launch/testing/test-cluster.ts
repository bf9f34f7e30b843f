// A PostgreSQL cluster made once for a whole test run; each test process copies it instead of making its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCluster } from '../postgres-cluster.ts';
import { findPostgresProgram } from '../postgres-program.ts';
import { serverAccount } from '../server-account.ts';

/** For `PI_TEST_CLUSTER`. */
export async function makeTestCluster(): Promise<{ dir: string; remove(): Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), 'pi-test-'));
  const dir = join(parent, 'cluster');
  const account = await serverAccount(dir);
  const program = await findPostgresProgram(account, parent);
  await ensureCluster(dir, program, account, false);
  return { dir, remove: () => rm(parent, { recursive: true, force: true }) };
}
