// What an open stream costs that says nothing: event streams and WebSockets in crowds, held by the gateway and, in the
// same run, by the least that Node needs for the same sockets.

import { RawClient } from '@pi-gateway/gateway/testing/raw-client.ts';
import { freePorts } from '../journeys/free-ports.ts';
import { collecting, heldBy } from './held-memory.ts';
import { spawnService } from './spawn-service.ts';
import { startGateways } from './start-gateways.ts';

export type IdleOptions = {
  readonly transport: 'undici' | 'lean';
  readonly kind: keyof typeof kinds;
  readonly streams: number;
};

const yaml = ([origin]: readonly string[]) => `
services: { up: { targets: ["${origin}"], timeouts: { idle_ms: 600000 }, max_pending: 10000 } }
routes:
  - { path: /*, service: up }
`;
const kinds = {
  'event streams': ['GET /events HTTP/1.1'],
  WebSockets: ['GET /socket HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'],
} as const;

/** Kilobytes for each stream: of the gateway, of the bare proxy, and how much more the first is. */
export async function measureIdleStreams({ transport, kind, streams }: IdleOptions) {
  const gateways = await startGateways(yaml, {
    workers: 1,
    services: 1,
    serviceMain: 'tests/proofs/stream-service.ts',
    env: { GATEWAY_TRANSPORT: transport, ...collecting },
  });
  const token = await gateways.auth.token({ lifeSeconds: 3600 });
  const [port = 0] = await freePorts(1);
  const bare = await spawnService(
    'tests/proofs/bare-proxy.ts',
    { host: '127.0.0.1', port },
    { PORT: String(port), UPSTREAM_PORT: new URL(gateways.services[0]!.origin).port, ...collecting },
  );
  try {
    const ask = [...kinds[kind], 'Host: a.test', `Authorization: Bearer ${token}`];
    const gatewayKb = await costOf(gateways.workers[0]!.pid(), gateways.port, ask, streams);
    const bareKb = await costOf(bare.pid(), port, ask, streams);
    return { transport, kind, streams, gatewayKb, bareKb, moreKb: gatewayKb - bareKb };
  } finally {
    await bare.stop('SIGKILL');
    await gateways.close();
  }
}

/** The code has run before, so that it is the streams that are paid for. */
async function costOf(pid: number, port: number, ask: readonly string[], streams: number): Promise<number> {
  for (const client of await openAll(Math.ceil(streams / 10), port, ask)) client.close();
  const before = await heldBy(pid);
  const clients = await openAll(streams, port, ask);
  const held = await heldBy(pid);
  for (const client of clients) client.close();
  return (held - before) / streams / 1000;
}

async function openAll(count: number, port: number, ask: readonly string[]): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  // In lots, so that no queue of connections overflows.
  while (clients.length < count) {
    const lot = Array.from({ length: Math.min(50, count - clients.length) }, async () => {
      const client = await RawClient.open(port);
      client.send(...ask);
      await client.see(/^HTTP\/1\.1 (?:101 [^]*\r\n\r\n|200 [^]*data: open)/);
      return client;
    });
    clients.push(...(await Promise.all(lot)));
  }
  return clients;
}
