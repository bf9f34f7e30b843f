// What a request costs at our gateway with all that it does, beside nginx, HAProxy and Caddy that only forward, and
// beside the JavaScript gateways with and without the same check. One process each, the same service, the same
// requests with the same 10,000 tokens for all, kept connections, an access log in a file for all.

import { type BenchRoom, withRoom } from '../harness/bench-room.ts';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { type Measured, measureAll, type Subject } from '../harness/measure.ts';
import {
  type StartedPeer,
  scriptPeers,
  startCaddy,
  startHaproxy,
  startNginxProxy,
  startScriptPeer,
} from '../harness/peers.ts';
import { measuredCores, untilAnswers } from '../harness/processes.ts';
import type { Goal, Row } from '../harness/row.ts';
import { columnsOf, usual } from './compare.ts';

const tokenCount = 10_000;

const names = {
  nginx: 'nginx proxy_pass',
  haproxy: 'HAProxy',
  caddy: 'Caddy reverse_proxy',
  own: 'PI Gateway, bearer and role',
  ownOpen: 'PI Gateway, public route',
} as const;

export const gatewayRow: Row = {
  id: 'gateway',
  question: 'What does a request cost, beside other proxies?',
  programs: ['wrk', 'nginx', 'haproxy', 'caddy'],
  run: () =>
    withRoom(async (room) => {
      const subjects = await openSubjects(room);
      subjects.push(await subject(room, names.haproxy, await startHaproxy(room)));
      subjects.push(await subject(room, names.caddy, await startCaddy(room)));
      for (const peer of scriptPeers) {
        subjects.push(await subject(room, peer, await startScriptPeer(room, peer, false)));
        subjects.push(await subject(room, `${peer}, JWT`, await startScriptPeer(room, peer, true)));
      }
      const measured = await measureAll(subjects, { rounds: 5, withLatency: true });
      return { lines: columnsOf(measured), goals: [...sharedGoals(measured), ...peerGoals(measured)] };
    }),
};

/** The goals that need nginx alone, for some twenty seconds. */
export function measureShortForm(): Promise<readonly Goal[]> {
  return withRoom(async (room) =>
    sharedGoals(await measureAll(await openSubjects(room), { rounds: 3, withLatency: false })),
  );
}

/** nginx and ours. */
async function openSubjects(room: BenchRoom): Promise<Subject[]> {
  await writeTokens(room.auth, room.folder, tokenCount);
  const place = { ...room, name: 'own', cores: measuredCores, config: gatewayYaml(room.service) };
  const own = await startGateway(place);
  return [
    await subject(room, names.nginx, await startNginxProxy(room)),
    await subject(room, names.ownOpen, own, '/open/x'),
    await subject(room, names.own, own),
  ];
}

async function subject(
  { auth, folder }: BenchRoom,
  name: string,
  { pids, origin }: StartedPeer,
  path = '/checked/x',
): Promise<Subject> {
  await untilAnswers(`${origin}${path}`, { authorization: `Bearer ${await auth.token()}` });
  return { name, pids, load: { ...usual, origin, path, tokens: `${folder}/tokens-${tokenCount}` } };
}

function sharedGoals(measured: readonly Measured[]): Goal[] {
  const [nginx, open, own] = measured;
  return [
    { name: 'CPU a request over nginx', value: own!.cpuMicros / nginx!.cpuMicros, unit: '×', bound: 1.8 },
    { name: 'the warm check over no check', value: own!.cpuMicros / open!.cpuMicros, unit: '×', bound: 1.05 },
    { name: 'memory with 10,000 cached tokens', value: own!.megabytes, unit: 'MB', bound: 140 },
  ];
}

function peerGoals(measured: readonly Measured[]): Goal[] {
  const of = (name: string): Measured => measured.find((one) => one.name === name)!;
  const own = of(names.own);
  const bestJwt = Math.max(...scriptPeers.map((peer) => of(`${peer}, JWT`).perSecond));
  return [
    {
      name: 'CPU a request over Caddy',
      value: own.cpuMicros / of(names.caddy).cpuMicros,
      unit: '×',
      bound: 0.6,
    },
    {
      name: 'requests/s over the best JavaScript gateway with the same check',
      value: own.perSecond / bestJwt,
      unit: '×',
      bound: 2,
      isFloor: true,
    },
    {
      name: 'p99 at half load above nginx',
      value: own.p99Ms! - of(names.nginx).p99Ms!,
      unit: 'ms',
      bound: 1,
    },
  ];
}
