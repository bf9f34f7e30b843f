// The decision endpoint behind nginx' auth_request, asked for each request and with nginx' cache before it, beside
// nginx that only forwards. Both processes count: nginx and the gateway. The cache stands in memory as in
// deploy/nginx/verify.conf, for a file on a disk costs several times the decision; yet it remembers for longer than the
// row takes, so that what is measured is the remembered decision and not a mix. And beside nginx whose question is answered
// by nginx itself, with a fixed yes: what asking costs before anybody decides anything.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/free-port.ts';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { nginxUpstream, proxyPass, startNginx } from '../harness/nginx.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { compare, usual } from './compare.ts';

const names = {
  plain: 'nginx proxy_pass',
  own: 'nginx that asks itself',
  asked: 'asked each time',
  cached: 'with a cache',
} as const;

export const verifyRow: Row = {
  id: 'verify',
  question: 'What does the decision endpoint behind nginx cost?',
  programs: ['wrk', 'nginx'],
  async run() {
    const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pi-bench-'));
    try {
      return await measure(memory);
    } finally {
      rmSync(memory, { recursive: true, force: true });
    }
  },
};

const measure = (cacheFolder: string) =>
  compare({
    async open(room) {
      const { folder, service, auth } = room;
      const tokens = await writeTokens(auth, folder, 1000);
      const config = gatewayYaml(service);
      const env = { TRUSTED_PROXIES: '127.0.0.1' };
      const gateway = await startGateway({ ...room, name: 'own', cores: measuredCores, config, env });
      const port = await freePort();
      const ask = `internal; proxy_pass http://gateway/verify; proxy_http_version 1.1; proxy_set_header connection '';
        proxy_pass_request_body off; proxy_set_header content-length '';
        proxy_set_header x-original-method $request_method; proxy_set_header x-original-uri $request_uri;`;
      const guarded = (by: string) =>
        `auth_request ${by}; auth_request_set $user $upstream_http_x_user_id; proxy_set_header x-user-id $user;`;
      const server = (at: number, location: string) =>
        `server { listen 127.0.0.1:${at}; LOG
      location = /ask-itself { internal; return 204; }
      location = /ask { ${ask} }
      location = /ask-cached { ${ask}
        proxy_cache decisions; proxy_cache_key "$http_authorization $request_method $request_uri";
        open_file_cache max=4096 inactive=10s; open_file_cache_valid 10s;
        proxy_cache_valid 200 10m; proxy_cache_lock on; proxy_ignore_headers cache-control expires; }
      location /checked/ { ${location} ${proxyPass('up')} } }`;
      const [own, asked, cached] = [await freePort(), await freePort(), await freePort()];
      const nginx = await startNginx(
        { ...room, name: 'nginx', cores: measuredCores, port },
        `proxy_cache_path ${cacheFolder}/cache levels=1:2 keys_zone=decisions:16m use_temp_path=off;
  ${nginxUpstream('up', [service])}
  ${nginxUpstream('gateway', [gateway.origin])}
  ${server(port, '')}
  ${server(own, guarded('/ask-itself'))}
  ${server(asked, guarded('/ask'))}
  ${server(cached, guarded('/ask-cached'))}`,
      );
      const pids = [nginx, ...gateway.pids];
      const load = (at: number) => ({
        ...usual,
        origin: `http://127.0.0.1:${at}`,
        path: '/checked/x',
        tokens,
      });
      return [
        { name: names.plain, pids, load: load(port) },
        { name: names.own, pids, load: load(own) },
        { name: names.asked, pids, load: load(asked) },
        { name: names.cached, pids, load: load(cached) },
      ];
    },
    goals: (of) => [
      {
        name: 'cached decisions over nginx alone',
        value: of(names.cached).cpuMicros / of(names.plain).cpuMicros,
        unit: '×',
        bound: 1.5,
      },
    ],
  });
