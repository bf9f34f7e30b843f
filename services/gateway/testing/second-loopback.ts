// For tests: a second address of this machine that nobody else reaches. macOS has no 127.0.0.2 by itself, and some
// containers have no IPv6.

import { once } from 'node:events';
import { createServer } from 'node:net';

export async function secondLoopback(): Promise<string> {
  for (const address of ['127.0.0.2', '::1']) {
    const probe = createServer().listen(0, address);
    const isThere = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (isThere) return address;
  }
  throw new Error('this machine has one loopback address only');
}
