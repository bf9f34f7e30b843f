// The proxies beside ours, each with the settings that its makers show for a plain reverse proxy: connections to the
// service are kept, and each request leaves a line in a log.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../launch/find-program.ts';
import { freePort } from '../../tools/free-port.ts';
import type { BenchRoom } from './bench-room.ts';
import { nginxUpstream, proxyPass, startNginx } from './nginx.ts';
import { measuredCores } from './processes.ts';

export type StartedPeer = { readonly pids: readonly number[]; readonly origin: string };

export async function startNginxProxy(
  { processes, folder, service }: BenchRoom,
  { name = 'nginx', cores = measuredCores, workers = 1 } = {},
): Promise<StartedPeer> {
  const port = await freePort();
  const lines = `${nginxUpstream('up', [service])}
  server { listen 127.0.0.1:${port}; LOG location / { ${proxyPass('up')} } }`;
  const pid = await startNginx({ processes, folder, name, cores, port, workers }, lines);
  return { pids: [pid], origin: `http://127.0.0.1:${port}` };
}

export async function startHaproxy({ processes, folder, service }: BenchRoom): Promise<StartedPeer> {
  const port = await freePort();
  const conf = join(folder, 'haproxy.cfg');
  writeFileSync(
    conf,
    `global
  nbthread 1
  log stderr format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend up
backend up
  server one ${service.replace('http://', '')}
`,
  );
  // It writes no files itself: its standard error is one.
  const run = `exec ${findProgram('haproxy', 'haproxy')} -f ${conf} 2>${folder}/haproxy.log`;
  const pid = processes.start(measuredCores, ['sh', '-c', run]);
  return { pids: [pid], origin: `http://127.0.0.1:${port}` };
}

export async function startCaddy({ processes, folder, service }: BenchRoom): Promise<StartedPeer> {
  const port = await freePort();
  const file = join(folder, 'Caddyfile');
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  log {
    output file ${folder}/caddy.log
  }
  reverse_proxy ${service.replace('http://', '')}
}
`,
  );
  const run = [findProgram('caddy', 'caddy'), 'run', '--config', file, '--adapter', 'caddyfile'];
  const pid = processes.start(measuredCores, run, { HOME: folder, GOMAXPROCS: '1' });
  return { pids: [pid], origin: `http://127.0.0.1:${port}` };
}

export const scriptPeers = ['fast-gateway', 'fastify-http-proxy', 'http-proxy-3'] as const;

/** `isChecked`: with a JWT check, as bench/peers/peer-settings.ts has it. */
export async function startScriptPeer(
  { processes, folder, service, auth }: BenchRoom,
  peer: (typeof scriptPeers)[number],
  isChecked: boolean,
): Promise<StartedPeer> {
  const port = await freePort();
  const own = [String(port), service, join(folder, `${peer}-${port}.log`)];
  if (isChecked) own.push(`${auth.origin}/.well-known/jwks.json`);
  const pid = processes.start(measuredCores, [process.execPath, `bench/peers/${peer}.ts`, ...own]);
  return { pids: [pid], origin: `http://127.0.0.1:${port}` };
}
