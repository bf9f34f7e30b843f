// A free port of four digits, as the usual ports have: what is drawn around a port keeps its width.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Those of the range that `fetch` refuses (https://fetch.spec.whatwg.org/#port-blocking).
const blocked = [2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697];

/** A TCP port of this machine that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(2000, 8000);
    if (blocked.includes(port)) continue;
    const server = createServer().listen(port, '127.0.0.1');
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
