// What a second and a fourth worker cost: several gateway processes on one port, on as many cores as there are
// beside the load's. On a machine of two cores all of them share one: then it shows what the processes cost, not
// how much more they do.

import { availableParallelism } from 'node:os';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import type { Subject } from '../harness/measure.ts';
import { startNginxProxy } from '../harness/peers.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

const cores = `0-${Math.max(0, availableParallelism() - 2)}`;
const nameOf = (workers: number) => `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
/** Longer than usual: after a while without requests a worker is slower at first, and here each has a share of them only. */
const seconds = 4;
const nginxOf = (workers: number) => `nginx proxy_pass, ${nameOf(workers)}`;

export const workersRow: Row = {
  id: 'workers',
  question: 'What does each further worker cost?',
  programs: ['wrk', 'nginx'],
  run: () =>
    compare({
      async open(room) {
        const tokens = await writeTokens(room.auth, room.folder, 10_000);
        const subjects: Subject[] = [];
        for (const workers of [1, 2, 4]) {
          const place = { ...room, name: nameOf(workers), cores, workers, config: gatewayYaml(room.service) };
          const { pids, origin } = await startGateway(place);
          subjects.push({
            name: nameOf(workers),
            pids,
            processes: workers,
            load: { ...usual, seconds, origin, path: '/checked/x', tokens },
          });
        }
        for (const workers of [1, 2]) {
          const name = nginxOf(workers);
          const { pids, origin } = await startNginxProxy(room, { name: `nginx-${workers}`, cores, workers });
          subjects.push({ name, pids, load: { ...usual, seconds, origin, path: '/checked/x', tokens } });
        }
        return subjects;
      },
      goals: (of) => [
        {
          name: 'CPU a request of two workers over one',
          value: of(nameOf(2)).cpuMicros / of(nameOf(1)).cpuMicros,
          unit: '×',
          bound: 1.1,
        },
      ],
    }),
};
