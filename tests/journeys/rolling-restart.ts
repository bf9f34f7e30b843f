// New gateway workers in the place of the old ones of a running stack, under load through nginx.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient } from '@pi-gateway/gateway/testing/raw-client.ts';
import { openLoad } from '../proofs/steady-load.ts';

/** Two routes for gateway.yaml: `/up/*` to a service that echoes WebSockets, open to everybody. */
export function withEchoService(gatewayYaml: string, origin: string): string {
  return gatewayYaml
    .replace('\nservices:\n', `\nservices:\n  up: { targets: ["${origin}"] }\n`)
    .replace('\nroutes:\n', '\nroutes:\n  - { path: /up/*, service: up, access: public }\n');
}

const perSecond = 100;
const socketCount = 8;
const rolledWithinMs = 60_000;

export type Rolled = {
  readonly sent: number;
  readonly refused: number;
  /** WebSockets that were closed before the last worker was touched, and those that it ended then. */
  readonly closedBefore: number;
  readonly closedAfter: number;
};

const pidOf = (dataDir: string, worker: number) =>
  Number(readFileSync(join(dataDir, `gateway-${worker}.pid`), 'utf8'));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sends SIGUSR2 to the launcher of a stack of two workers and waits until both are others. */
export async function rollUnderLoad(launcher: number, dataDir: string, port: number): Promise<Rolled> {
  const before = [1, 2].map((worker) => pidOf(dataDir, worker));
  const closed = { before: 0, after: 0 };
  const sockets = await openEchoes(port);
  for (const { socket } of sockets) {
    socket.once('close', () => {
      closed[pidOf(dataDir, 2) === before[1] ? 'before' : 'after'] += 1;
    });
  }
  const load = openLoad([{ host: '127.0.0.1', port }], ['none'], perSecond);
  process.kill(launcher, 'SIGUSR2');
  const deadline = performance.now() + rolledWithinMs;
  while (before.some(isAlive)) {
    assert.ok(performance.now() < deadline, 'the old workers are still there');
    await delay(20);
  }
  const { sent, refused } = await load.stop();
  assert.ok([1, 2].every((worker) => isAlive(pidOf(dataDir, worker))));
  for (const client of sockets) await client.closed();
  return { sent, refused, closedBefore: closed.before, closedAfter: closed.after };
}

/** The same while gateway.yaml is one that no gateway starts with; `output` is what the launcher has written. */
export async function rollRefused(
  launcher: number,
  dataDir: string,
  port: number,
  output: () => string,
): Promise<Omit<Rolled, 'closedBefore' | 'closedAfter'> & { readonly dropped: number }> {
  const before = [1, 2].map((worker) => pidOf(dataDir, worker));
  const sockets = await openEchoes(port);
  const load = openLoad([{ host: '127.0.0.1', port }], ['none'], perSecond);
  process.kill(launcher, 'SIGUSR2');
  const deadline = performance.now() + rolledWithinMs;
  while (!output().includes('a new gateway worker does not start')) {
    assert.ok(performance.now() < deadline, output());
    await delay(20);
  }
  const { sent, refused } = await load.stop();
  assert.deepEqual(
    [1, 2].map((worker) => pidOf(dataDir, worker)),
    before,
  );
  assert.ok(before.every(isAlive));
  const dropped = sockets.filter(({ isClosed }) => isClosed).length;
  for (const client of sockets) client.close();
  return { sent, refused, dropped };
}

function openEchoes(port: number): Promise<RawClient[]> {
  return Promise.all(
    Array.from({ length: socketCount }, async () => {
      const client = await RawClient.open(port);
      client.send(
        'GET /up/ws HTTP/1.1',
        'Host: a',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      );
      await client.see(/^HTTP\/1\.1 101 [^]*\r\n\r\n/);
      return client;
    }),
  );
}
