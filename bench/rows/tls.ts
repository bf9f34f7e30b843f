// What TLS at nginx costs, on kept connections: nginx before the service, and nginx before our gateway before the service,
// each by plain HTTP and by TLS. Whatever is between wrk and the service counts.

import { writeFileSync } from 'node:fs';
import { makeAuthority } from '../../launch/testing/certificates.ts';
import { freePort } from '../../tools/free-port.ts';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { nginxUpstream, proxyPass, startNginx } from '../harness/nginx.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

export const tlsRow: Row = {
  id: 'tls',
  question: 'What does TLS at nginx cost, before the service and before the gateway?',
  programs: ['wrk', 'nginx'],
  run: () =>
    compare({
      async open(room) {
        const { folder, service, auth } = room;
        const tokens = await writeTokens(auth, folder, 1000);
        const config = gatewayYaml(service);
        const env = { TRUSTED_PROXIES: '127.0.0.1' };
        const gateway = await startGateway({ ...room, name: 'own', cores: measuredCores, config, env });
        const { certificate, key } = makeAuthority().issue({ names: ['localhost'] });
        writeFileSync(`${folder}/tls.crt`, certificate);
        writeFileSync(`${folder}/tls.key`, key);
        const [plain, tls, gatewayPlain, gatewayTls] = [
          await freePort(),
          await freePort(),
          await freePort(),
          await freePort(),
        ];
        const certificateLines = `ssl_certificate ${folder}/tls.crt; ssl_certificate_key ${folder}/tls.key; ssl_protocols TLSv1.3;`;
        const server = (port: number, to: string, isTls: boolean) =>
          `server { listen 127.0.0.1:${port} ${isTls ? 'ssl' : ''}; ${isTls ? certificateLines : ''} LOG location / { ${proxyPass(to)} } }`;
        const nginx = await startNginx(
          { ...room, name: 'nginx', cores: measuredCores, port: plain },
          `${nginxUpstream('up', [service])}
  ${nginxUpstream('gateway', [gateway.origin])}
  ${server(plain, 'up', false)}
  ${server(tls, 'up', true)}
  ${server(gatewayPlain, 'gateway', false)}
  ${server(gatewayTls, 'gateway', true)}`,
        );
        const subject = (name: string, pids: readonly number[], scheme: string, port: number) => ({
          name,
          pids,
          load: { ...usual, origin: `${scheme}://127.0.0.1:${port}`, path: '/checked/x', tokens },
        });
        const both = [nginx, ...gateway.pids];
        return [
          subject('nginx', [nginx], 'http', plain),
          subject('nginx, TLS', [nginx], 'https', tls),
          subject('nginx and the gateway', both, 'http', gatewayPlain),
          subject('nginx and the gateway, TLS', both, 'https', gatewayTls),
        ];
      },
    }),
};
