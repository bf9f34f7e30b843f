// A real, empty Redis for tests, on a unix socket in a folder of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export async function startTestRedis() {
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  const url = join(dir, 'redis.sock');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', url, '--dir', dir, '--save', ''], {
    stdio: 'ignore',
  });
  const ended = once(server, 'exit').catch(() => {
    throw new Error('these tests need redis-server: apt-get install redis-server');
  });
  const deadline = Date.now() + 10_000;
  while (!(await accepts(url))) {
    if (server.pid === undefined) await ended;
    if (Date.now() > deadline) throw new Error('redis-server does not come up');
    await delay(5);
  }
  return {
    url,
    pid: () => server.pid,
    async stop() {
      server.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function accepts(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
