// Stands between a client and a real Redis in tests, and makes the network fail on command: away (nobody
// listens, open connections are cut) or silent (accepted, but not a byte
// comes through; what was sent arrives when the silence ends, as TCP has it).

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Fault = 'none' | 'away' | 'silent';

export async function startFaultProxy(upstreamPath: string, start: Fault = 'none') {
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  const url = join(dir, 'proxy.sock');
  const sockets = new Set<Socket>();
  let fault: Fault = 'away';

  const server = createServer((client) => {
    const upstream = createConnection(upstreamPath);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      if (fault === 'silent') from.pause();
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });

  async function become(next: Fault): Promise<void> {
    const wasAway = fault === 'away';
    fault = next;
    if (next === 'away' && !wasAway) {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    }
    for (const socket of sockets) {
      if (next === 'silent') socket.pause();
      else socket.resume();
    }
    if (next !== 'away' && wasAway) {
      server.listen(url);
      await once(server, 'listening');
    }
  }

  await become(start);
  return {
    url,
    become,
    async stop() {
      await become('away');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
