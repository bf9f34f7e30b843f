// Whether many routes make a request dearer: ten and ten thousand, the one that is asked for among them.

import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import type { Subject } from '../harness/measure.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

/** What a large file is made of: whole paths, names in them, everything below, hosts and methods. The third is asked for. */
const forms: readonly ((area: string, at: number) => string)[] = [
  (area, at) => `path: /${area}/list-${at}`,
  (area, at) => `path: "/${area}/{id}/item-${at}"`,
  (area, at) => `path: "/${area}/{id}/thing-${at}/*"`,
  (area, at) => `host: shop-${at % 49}.example, path: "/${area}/{id}/cart-${at}/*"`,
  (area, at) => `path: "/${area}/{id}/note-${at}", methods: [GET, POST]`,
];

function manyRoutes(count: number): string {
  const routeOf = (at: number) =>
    `  - { ${forms[at % forms.length]!(`area-${at % 99}`, at)}, service: up, access: { roles: [user] } }\n`;
  return Array.from({ length: count }, (_, at) => routeOf(at)).join('');
}

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
          const config = gatewayYaml(room.service, manyRoutes(count - 2));
          const { pids, origin } = await startGateway({ ...room, name, cores: measuredCores, config });
          subjects.push({ name, pids, load: { ...usual, origin, path: '/area-7/42/thing-7/x', tokens } });
        }
        return subjects;
      },
    }),
};
