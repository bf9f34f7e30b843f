// Ports for systems that are to be started on known ones, and not at this very moment. They lie below those that the
// kernel hands out to whoever asks for any, outgoing connections too, and no two processes that ask here get the same:
// on Linux a name in the abstract namespace of unix(7) is held for each port until its process ends.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ListenOptions } from 'node:net';

// `fetch` refuses 10080.
const lowest = 10_081;
const highest = 32_767;
const triesMax = 1000;

/** @throws when hardly any port is free. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === triesMax) throw new Error(`no ${count} free ports from ${lowest} to ${highest}`);
    const port = randomInt(lowest, highest + 1);
    if ((await isFree(port)) && (await holdName(port))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen({ host: '127.0.0.1', port });
  if (server === undefined) return false;
  await once(server.close(), 'close');
  return true;
}

async function holdName(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  return (await listen({ path: `\0pi-gateway-test-port-${port}` })) !== undefined;
}

/** undefined: taken by somebody. What listens keeps no process alive. */
async function listen(where: ListenOptions) {
  const server = createServer().unref().listen(where);
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
