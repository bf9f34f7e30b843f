// Bodies of three sizes, down and up, through our gateway with its check and through nginx.

import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import type { Subject } from '../harness/measure.ts';
import { startNginxProxy } from '../harness/peers.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare } from './compare.ts';

const sizes = [1024, 102_400, 10_485_760] as const;
const connections = 16;
const largeBytes = 1024 * 1024;
const routes = `  - { path: /bytes/*, service: up, access: { roles: [user] } }
  - { path: /upload/*, service: up, access: { roles: [user] }, body_limit_bytes: 20000000 }
`;

export const bodiesRow: Row = {
  id: 'bodies',
  question: 'What do bodies of 1 KiB, 100 KiB and 10 MiB cost, down and up?',
  programs: ['wrk', 'nginx'],
  run: () =>
    compare({
      sizes,
      async open(room) {
        const tokens = await writeTokens(room.auth, room.folder, 100);
        const config = gatewayYaml(room.service, routes);
        const own = await startGateway({ ...room, name: 'own', cores: measuredCores, config });
        const nginx = await startNginxProxy(room);
        const subjects: Subject[] = [];
        for (const size of sizes) {
          // A few large ones have to fit into a window.
          const usual = { tokens, connections, seconds: size > largeBytes ? 4 : 1 };
          for (const [name, { pids, origin }] of [['nginx', nginx] as const, ['gateway', own] as const]) {
            subjects.push({
              name: `${name}, ${size / 1024} KiB down`,
              pids,
              load: { ...usual, origin, path: `/bytes/${size}` },
            });
            subjects.push({
              name: `${name}, ${size / 1024} KiB up`,
              pids,
              load: { ...usual, origin, path: '/upload/x', method: 'POST', bodyBytes: size },
            });
          }
        }
        return subjects;
      },
    }),
};
