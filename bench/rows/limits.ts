// What a limit on a route costs: none, one counted in this process, one counted in Redis.

import { findProgram } from '../../launch/find-program.ts';
import { freePort } from '../../tools/free-port.ts';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { measuredCores, otherCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

const routes = `  - { path: /limited/*, service: up, access: { roles: [user] }, rate_limit: 1000000/1 }
`;

export const limitsRow: Row = {
  id: 'limits',
  question: 'What does a limit cost?',
  programs: ['wrk', 'nginx', 'redis-server'],
  run: () =>
    compare({
      async open(room) {
        const { processes, folder, auth, service } = room;
        const port = await freePort();
        const redis = findProgram('redis-server', 'redis-server');
        processes.start(otherCores, [redis, '--port', String(port), '--save', '', '--dir', folder]);
        const tokens = await writeTokens(auth, folder, 1000);
        const config = gatewayYaml(service, routes);
        const place = { ...room, cores: measuredCores, config };
        const local = await startGateway({ ...place, name: 'local' });
        const env = { REDIS_URL: `redis://127.0.0.1:${port}` };
        const shared = await startGateway({ ...place, name: 'shared', env });
        const load = { ...usual, tokens };
        return [
          { name: 'no limit', pids: local.pids, load: { ...load, origin: local.origin, path: '/checked/x' } },
          {
            name: 'in process',
            pids: local.pids,
            load: { ...load, origin: local.origin, path: '/limited/x' },
          },
          {
            name: 'in Redis',
            pids: shared.pids,
            load: { ...load, origin: shared.origin, path: '/limited/x' },
          },
        ];
      },
    }),
};
