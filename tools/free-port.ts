// A free port of four digits, as the usual ports have: what is drawn around a port keeps its width.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port of this machine that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(randomInt(2000, 8000), '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    const address = server.address();
    if (!isFree || typeof address !== 'object' || address === null) continue;
    server.close();
    await once(server, 'close');
    return address.port;
  }
}
