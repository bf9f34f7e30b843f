// What a forwarded request costs over each transport of the gateway, beside nginx.

import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { startNginxProxy } from '../harness/peers.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

export const transportsRow: Row = {
  id: 'transports',
  question: 'What does each transport towards the services cost?',
  programs: ['wrk', 'nginx'],
  run: () =>
    compare({
      async open(room) {
        const tokens = await writeTokens(room.auth, room.folder, 1000);
        const load = { ...usual, path: '/checked/x', tokens };
        const nginx = await startNginxProxy(room);
        const subjects = [
          { name: 'nginx proxy_pass', pids: nginx.pids, load: { ...load, origin: nginx.origin } },
        ];
        for (const transport of ['lean', 'undici']) {
          const config = gatewayYaml(room.service);
          const env = { GATEWAY_TRANSPORT: transport };
          const place = { ...room, name: transport, cores: measuredCores, config, env };
          const { pids, origin } = await startGateway(place);
          subjects.push({ name: transport, pids, load: { ...load, origin } });
        }
        return subjects;
      },
    }),
};
