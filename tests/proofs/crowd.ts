// Clients that come together, get into one state, and leave together.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readUnderWay } from '@pi-gateway/gateway/testing/read-under-way.ts';
import { until } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import type { AbortHttp2Service } from './abort-http2-service.ts';
import type { AbortService, Seen } from './abort-service.ts';
import { type AbortState, get, type Since } from './abort-states.ts';

export type Surroundings = {
  /** Of the gateway. */
  readonly port: number;
  readonly metricsUrl: string;
  readonly service: AbortService;
  readonly http2Service: AbortHttp2Service;
};

/** As many as the routes have places. */
export const crowdMax = 100;
let ids = 0;

/**
 * One crowd after the other until `aborts` clients have left. Returns how many requests the service has seen.
 * @throws {Error} when a crowd does not get into the state, or does not give back what it had, within five seconds.
 */
export async function leaveInCrowds(
  around: Surroundings,
  state: AbortState,
  aborts: number,
): Promise<number> {
  const { heads } = around.service.seen;
  for (let left = aborts; left > 0; left -= crowdMax) await leave(around, state, Math.min(left, crowdMax));
  return around.service.seen.heads - heads;
}

async function leave(around: Surroundings, state: AbortState, size: number): Promise<void> {
  const { port, service, http2Service, metricsUrl } = around;
  const before = { ...service.seen };
  const streamsBefore = http2Service.streams();
  const crowd = { heard: 0, ended: 0 };
  const since = (): Since => {
    const counts = Object.entries(service.seen).map(([name, count]) => [
      name,
      count - before[name as keyof Seen],
    ]);
    return {
      ...(Object.fromEntries(counts) as Seen),
      ...crowd,
      streams: http2Service.streams() - streamsBefore,
    };
  };
  const clients = await Promise.all(Array.from({ length: size }, () => openClient(port, state, crowd)));
  const { send, arrived, oksBefore = 0 } = state;
  for (const client of clients) client.write(get('/ok').repeat(oksBefore));
  await until('the answers before', () => since().oks === size * oksBefore);
  for (const client of clients) for (const piece of [send(String(++ids))].flat()) client.write(piece);
  if (arrived === undefined) await (await fetch(`http://127.0.0.1:${port}/livez`)).text();
  else await until(`${size} clients ${state.name}`, () => arrived(since()) >= size);
  clients.forEach((client, index) => (index % 2 === 0 ? client.destroy() : client.resetAndDestroy()));
  service.readOn();
  await until(`those ${state.name} to give back what they had`, async () =>
    (await readUnderWay(metricsUrl)).every((count) => count === 0),
  );
  service.hangUpOnHellos();
  await until(`the aborts of those ${state.name}`, () => service.busy() + http2Service.busy() === 0);
  // What is kept would be used by the next crowd, which is to open its own; the gateway is to know of it.
  service.closeIdle();
  await readUnderWay(metricsUrl);
}

async function openClient(
  port: number,
  { isDeaf }: AbortState,
  crowd: { heard: number; ended: number },
): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  socket.once('data', () => {
    crowd.heard += 1;
    if (isDeaf === true) socket.pause();
  });
  socket.once('close', () => (crowd.ended += 1));
  await once(socket, 'connect');
  return socket;
}
