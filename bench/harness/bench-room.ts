// What nearly every row starts with: a folder of its own, the stand-in for auth, the service behind, an end to all.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeAuth } from '@pi-gateway/gateway/testing/fake-auth.ts';
import { freePort } from '../../tools/free-port.ts';
import { startService } from './nginx.ts';
import { otherCores, Processes } from './processes.ts';

export type BenchRoom = {
  readonly processes: Processes;
  readonly folder: string;
  readonly auth: FakeAuth;
  /** The origin of the service behind everything. */
  readonly service: string;
};

/** @param sizes of the files under `/bytes/` of the service. */
export async function withRoom<T>(
  work: (room: BenchRoom) => Promise<T>,
  sizes: readonly number[] = [],
): Promise<T> {
  const processes = new Processes();
  const folder = mkdtempSync(join(tmpdir(), 'pi-bench-'));
  const auth = await FakeAuth.start();
  try {
    const place = { processes, folder, name: 'service', cores: otherCores, port: await freePort() };
    return await work({ processes, folder, auth, service: await startService(place, sizes) });
  } finally {
    await processes.stop();
    auth.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
