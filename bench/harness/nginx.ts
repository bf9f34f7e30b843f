// nginx in two parts: the service that everything measured forwards to, and itself as a proxy.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../launch/find-program.ts';
import { type Processes, untilAnswers, untilListens } from './processes.ts';

/** Of 100 bytes. */
const answer = JSON.stringify({ text: 'x'.repeat(89) });

export type NginxPlace = {
  readonly processes: Processes;
  readonly folder: string;
  readonly name: string;
  readonly cores: string;
  readonly port: number;
  readonly workers?: number;
};

/** Starts nginx with these lines in its http block, where `LOG` stands for a buffered access log; gives the pid of its master once it listens on the port. */
export async function startNginx(place: NginxPlace, lines: string): Promise<number> {
  const { processes, folder, name, cores, workers = 1 } = place;
  const home = join(folder, name);
  mkdirSync(home);
  const log = `access_log ${home}/access.log line buffer=64k flush=1s;`;
  // Its workers would be another user, to whom the folder is closed.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const conf = `daemon off; ${user} worker_processes ${workers}; pid ${home}/nginx.pid; error_log ${home}/error.log;
events { worker_connections 4096; }
http {
  log_format line escape=json '{"time":"$time_iso8601","id":"$request_id","method":"$request_method","path":"$uri","status":$status,"duration":$request_time,"upstream":"$upstream_addr"}';
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
  ${lines.replaceAll('LOG', log)}
}
`;
  writeFileSync(join(home, 'nginx.conf'), conf);
  const run = [findProgram('nginx', 'nginx'), '-p', home, '-c', join(home, 'nginx.conf')];
  const pid = processes.start(cores, run);
  await untilListens(place.port);
  return pid;
}

/** Answers 100 bytes of JSON to everything, `/bytes/N` with the file of N bytes, and takes any body. */
export async function startService(place: NginxPlace, sizes: readonly number[] = []): Promise<string> {
  const files = join(place.folder, 'files');
  mkdirSync(join(files, 'bytes'), { recursive: true });
  for (const size of sizes) writeFileSync(join(files, 'bytes', String(size)), Buffer.alloc(size, 'x'));
  await startNginx(
    place,
    `access_log off;
  server {
    listen 127.0.0.1:${place.port};
    default_type application/json;
    location / { return 200 '${answer}'; }
    location /bytes/ { root ${files}; sendfile on; open_file_cache max=16; }
  }`,
  );
  const origin = `http://127.0.0.1:${place.port}`;
  await untilAnswers(`${origin}/x`);
  return origin;
}

/** The upstream block for `origin`, with kept connections. */
export function nginxUpstream(name: string, origins: readonly string[]): string {
  const servers = origins.map((origin) => `server ${origin.replace('http://', '')};`).join(' ');
  return `upstream ${name} { ${servers} keepalive 128; keepalive_requests 1000000000; }`;
}

/** A location's lines that forward to an upstream block. */
export function proxyPass(upstream: string): string {
  return `proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header connection '';`;
}
