// For tests: the entrance as it is shipped, on real nginx.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type NginxOptions, renderNginxConf } from '../nginx/render-nginx-conf.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export type EntryOptions = Partial<NginxOptions> & { readonly gateways: readonly string[] };
export type Entry = { readonly port: number; readonly accessLog: string; stop(): Promise<void> };

/** `runDir`: a folder that is made for it. */
export async function startEntryIn(
  runDir: string,
  options: EntryOptions,
  host = '127.0.0.1',
): Promise<Entry> {
  const port = await freePort();
  mkdirSync(runDir);
  const accessLog = join(runDir, 'access.log');
  const file = join(runDir, 'nginx.conf');
  writeFileSync(
    file,
    renderNginxConf({
      listen: `${host}:${port}`,
      trustedProxies: [],
      runDir,
      accessLog,
      errorLog: 'stderr',
      workers: 1,
      ...options,
    }),
  );
  const args = ['-e', 'stderr', '-p', runDir, '-c', file];
  const check = spawnSync('nginx', [...args, '-t'], { encoding: 'utf8' });
  assert.equal(check.error, undefined, 'nginx is missing; install it: apt-get install -y nginx-light');
  assert.equal(check.status, 0, check.stderr);
  // nginx since 1.25 has another way to say it, which 1.22 does not know.
  const complaints = check.stderr.replace(/^.*"listen \.\.\. http2" directive is deprecated.*$/gm, '');
  assert.doesNotMatch(complaints, /\[(?:emerg|error|warn)\]/);
  const child: ChildProcess = spawn('nginx', args, { stdio: 'inherit' });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const deadline = Date.now() + 10_000;
  while (!(await isOpen(port))) {
    assert.ok(Date.now() < deadline && child.exitCode === null, 'nginx did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    accessLog,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
