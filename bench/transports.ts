// What a forwarded request costs over each transport, beside nginx' plain proxy_pass: processor time of the whole
// process from /proc, the gateway's real pipeline (route, token from a warm cache, headers, metrics, access log),
// the same service behind all (nginx answering 100 bytes), wrk with 64 connections. Windows of all subjects
// alternate, and the median counts. Run: node bench/transports.ts [seconds of a window]; Linux with wrk and nginx.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeAuth, masterKey, publicUrl } from '@pi-gateway/gateway/testing/fake-auth.ts';
import { findProgram } from '../launch/find-program.ts';
import { freePort } from '../tools/free-port.ts';
import { measureCpuMs } from './process-cpu.ts';
import { runWrk } from './run-wrk.ts';

const root = join(import.meta.dirname, '..');
const rounds = 5;
const windowSeconds = Number(process.argv[2] ?? 4);
const connections = 64;
const startMs = 15_000;

type Subject = { readonly name: string; readonly pid: number; readonly url: string; readonly token?: string };

const folder = mkdtempSync(join(tmpdir(), 'pi-transports-'));
const children: ChildProcess[] = [];

function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child.pid!;
}

async function startNginx(name: string, port: number, server: string): Promise<number> {
  const home = join(folder, name);
  mkdirSync(home);
  const conf = join(home, 'nginx.conf');
  writeFileSync(
    conf,
    `daemon off; worker_processes 1; pid ${home}/nginx.pid; error_log ${home}/error.log;
events { worker_connections 1024; }
http {
  log_format line escape=json '{"time":"$time_iso8601","id":"$request_id","method":"$request_method","path":"$uri","status":$status,"duration":$request_time,"upstream":"$upstream_addr"}';
  keepalive_requests 1000000000;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
  ${server.replace('LISTEN', `listen 127.0.0.1:${port};`).replace('LOG', `access_log ${home}/access.log line buffer=64k flush=1s;`)}
}
`,
  );
  const pid = start(findProgram('nginx', 'nginx'), ['-p', home, '-c', conf]);
  await untilAnswers(`http://127.0.0.1:${port}/open/x`);
  return pid;
}

async function startGateway(name: string, env: NodeJS.ProcessEnv): Promise<{ pid: number; origin: string }> {
  const port = await freePort();
  const pid = start(process.execPath, ['--max-semi-space-size=4', 'services/gateway/main.ts'], {
    MASTER_KEY: masterKey,
    PUBLIC_URL: publicUrl,
    GATEWAY_PORT: String(port),
    GATEWAY_METRICS_PORT: 'off',
    GATEWAY_ACCESS_LOG: join(folder, `${name}.log`),
    LOG_LEVEL: 'error',
    ...env,
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilAnswers(`${origin}/open/x`);
  return { pid, origin };
}

async function untilAnswers(url: string): Promise<void> {
  const endMs = performance.now() + startMs;
  for (;;) {
    const isGood = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isGood) return;
    if (performance.now() > endMs) throw new Error(`no good answer from ${url}`);
    await delay(20);
  }
}

/** Microseconds of processor time a request, and requests a second. */
async function measureWindow({ pid, url, token }: Subject): Promise<{ us: number; perSecond: number }> {
  const before = measureCpuMs(pid);
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { requests, perSecond } = await runWrk({ url, headers, connections, seconds: windowSeconds });
  return { us: ((measureCpuMs(pid) - before) * 1000) / requests, perSecond };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function startSubjects(auth: FakeAuth): Promise<Subject[]> {
  const servicePort = await freePort();
  const answer = JSON.stringify({ text: 'x'.repeat(89) });
  await startNginx(
    'service',
    servicePort,
    `server { LISTEN access_log off; location / { return 200 '${answer}'; } }`,
  );
  const proxyPort = await freePort();
  const proxy = await startNginx(
    'nginx',
    proxyPort,
    `upstream up { server 127.0.0.1:${servicePort}; keepalive 128; keepalive_requests 1000000000; }
  server { LISTEN LOG location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header connection ''; } }`,
  );
  const config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    `services:
  up: { targets: ["http://127.0.0.1:${servicePort}"] }
routes:
  - { path: /open/*, service: up, access: public }
  - { path: /checked/*, service: up, access: { roles: [user] } }
`,
  );
  const subjects: Subject[] = [
    { name: 'nginx proxy_pass', pid: proxy, url: `http://127.0.0.1:${proxyPort}/open/x` },
  ];
  const token = await auth.token({ lifeSeconds: 86_400 });
  for (const transport of ['undici', 'lean']) {
    const env = { GATEWAY_CONFIG: config, AUTH_URL: auth.origin, GATEWAY_TRANSPORT: transport };
    const { pid, origin } = await startGateway(transport, env);
    subjects.push({ name: `${transport}, open`, pid, url: `${origin}/open/x` });
    subjects.push({ name: `${transport}, bearer and role`, pid, url: `${origin}/checked/x`, token });
  }
  return subjects;
}

async function main(): Promise<void> {
  const auth = await FakeAuth.start();
  const subjects = await startSubjects(auth);
  const windows = new Map(subjects.map((subject) => [subject, [] as { us: number; perSecond: number }[]]));
  for (const subject of subjects) await measureWindow(subject);
  const [loadBefore = 0] = loadavg();
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) windows.get(subject)!.push(await measureWindow(subject));
  }
  const rows = [...windows].map(([{ name }, all]) => ({
    name,
    us: median(all.map(({ us }) => us)),
    from: Math.min(...all.map(({ us }) => us)),
    to: Math.max(...all.map(({ us }) => us)),
    perSecond: median(all.map(({ perSecond }) => perSecond)),
  }));
  const nginxUs = rows[0]!.us;
  const lines = [
    `machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()} ${release().split('-')[0]}; load before: ${loadBefore.toFixed(1)}`,
    `node ${process.version}; ${connections} connections, ${rounds} windows of ${windowSeconds} s each, medians (least to most)`,
    ...rows.map(
      ({ name, us, from, to, perSecond }) =>
        `${name.padEnd(24)} ${us.toFixed(1).padStart(6)} µs a request (${from.toFixed(1)} to ${to.toFixed(1)}), ${(us / nginxUs).toFixed(2)} × nginx, ${perSecond.toFixed(0)} requests a second`,
    ),
  ];
  console.log(lines.join('\n'));
  writeFileSync(join(root, 'bench/results/transports.txt'), `${lines.join('\n')}\n`);
  auth.close();
}

try {
  await main();
} finally {
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
