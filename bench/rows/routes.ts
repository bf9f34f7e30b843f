// Whether many routes make a request dearer: ten and ten thousand, the one that is asked for among them.

import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import type { Subject } from '../harness/measure.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

export const routesRow: Row = {
  id: 'routes',
  question: 'What do 10,000 routes cost?',
  programs: ['wrk', 'nginx'],
  run: () =>
    compare({
      async open(room) {
        const tokens = await writeTokens(room.auth, room.folder, 1000);
        const subjects: Subject[] = [];
        for (const count of [10, 10_000]) {
          const name = `${count} routes`;
          const more = Array.from(
            { length: count - 2 },
            (_, at) =>
              `  - { path: "/area-${at % 100}/{id}/thing-${at}/*", service: up, access: { roles: [user] } }\n`,
          );
          const config = gatewayYaml(room.service, more.join(''));
          const { pids, origin } = await startGateway({ ...room, name, cores: measuredCores, config });
          subjects.push({ name, pids, load: { ...usual, origin, path: '/area-7/42/thing-7/x', tokens } });
        }
        return subjects;
      },
    }),
};
