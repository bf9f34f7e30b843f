// The production topology under faults: nginx → two gateways → two auths → PostgreSQL and Redis, each part a process of
// its own, and a fault proxy wherever two of them meet over the network. PostgreSQL is durable as in `npm run stack`:
// only then is a commit that was acknowledged written when the server is killed.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLog } from '@pi-gateway/log/log.ts';
import { startNginx } from '../../launch/nginx.ts';
import { type RunningPostgres, startPostgres } from '../../launch/postgres.ts';
import { type RunningRedis, startRedis } from '../../launch/redis.ts';
import { makeStackRuntimeDir } from '../../launch/stack-runtime-dir.ts';
import type { Supervised } from '../../launch/supervise.ts';
import { freePorts } from '../journeys/free-ports.ts';
import type { Target } from '../proofs/http-client.ts';
import { type Service, spawnService } from '../proofs/spawn-service.ts';
import { openSuperuser, type Superuser } from '../proofs/superuser.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

export type RigService = Service & { readonly metricsUrl: string };

export type Rig = {
  readonly entry: Target;
  /** Past nginx, each gateway for itself. */
  readonly gateways: readonly RigService[];
  readonly auths: readonly RigService[];
  readonly nginx: Supervised;
  readonly postgres: RunningPostgres;
  readonly redis: RunningRedis;
  /** Of the same server as `redisUrl`, past the proxy. */
  readonly redisPath: string;
  /** Where the network may fail. */
  readonly links: {
    readonly postgres: FaultProxy;
    readonly redis: FaultProxy;
    /** To one of two services, under `/sick/*`; the other is `/up/*`. */
    readonly service: FaultProxy;
  };
  readonly admin: { readonly email: string; readonly password: string };
  readonly databaseUrl: string;
  readonly masterKey: Buffer;
  superuser(): Promise<Superuser>;
  close(): Promise<void>;
};

export type RigOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Where the code of the second auth is; the same as of all others when left out. */
  readonly secondAuthRoot?: string;
  /** Before any service is started. */
  readonly beforeStart?: (links: Pick<Rig, 'links'>['links']) => Promise<void>;
};

const socketName = '.s.PGSQL.5432';
const adminPassword = 'correct-horse-battery';

function gatewayYaml(authPorts: readonly number[], upOrigin: string, sickOrigin: string): string {
  const auths = authPorts.map((port) => `"http://127.0.0.1:${port}"`).join(', ');
  return `services:
  # Whoever runs several of a service has them checked: one that stands still takes connections all the same.
  auth: { targets: [${auths}], forward_token: true, balance: least_pending, health: { path: /livez, interval_ms: 1000 } }
  # A machine that is busy with other things may take longer than the second that is usual.
  up: { targets: ["${upOrigin}"], timeouts: { connect_ms: 10000 } }
  sick: { targets: ["${sickOrigin}"], timeouts: { connect_ms: 500, headers_ms: 1000, idle_ms: 1000 } }
routes:
  - { path: /up/*, service: up, access: authenticated }
  - { path: /limited/*, service: up, access: public, rate_limit: 20/10 }
  - { path: /sick/*, service: sick, access: authenticated }
  - { path: /api/auth/register, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/auth/login, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/auth/refresh, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/auth/logout, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/admin/*, service: auth, strip_prefix: /api, access: { roles: [admin] } }
  - { path: /api/*, service: auth, strip_prefix: /api, access: authenticated }
`;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'pi-fault-'));
  // The account of the servers goes through it.
  chmodSync(folder, 0o711);
  const template = process.env['PI_TEST_CLUSTER'];
  if (template !== undefined) execFileSync('cp', ['-a', template, join(folder, 'postgres')]);
  return folder;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const folder = makeFolder();
  const log = createLog({ service: 'rig', level: 'silent' });
  const [postgres, redis] = await Promise.all([
    startPostgres({ dir: join(folder, 'postgres'), log }),
    startRedis({ dir: join(folder, 'redis'), log }),
  ]);
  for (const server of [postgres, redis]) server.unref();
  const ports = await freePorts(11);
  const take = (count: number) => ports.splice(0, count);
  const [authPorts, gatewayPorts, metricsPorts, [upPort = 0, sickPort = 0, entryPort = 0]] = [
    take(2),
    take(2),
    take(4),
    take(3),
  ];
  const databaseUrl = new URL(postgres.ownerUrl);
  const links = {
    postgres: await startFaultProxy(join(databaseUrl.searchParams.get('host')!, socketName)),
    redis: await startFaultProxy(redis.url),
    service: await startFaultProxy(sickPort),
  };
  databaseUrl.searchParams.set('host', dirname(links.postgres.url));
  const upOrigin = `http://127.0.0.1:${upPort}`;
  const configPath = join(folder, 'gateway.yaml');
  writeFileSync(configPath, gatewayYaml(authPorts, upOrigin, links.service.url));
  await options.beforeStart?.(links);
  const masterKey = randomBytes(32);
  const env = {
    MASTER_KEY: masterKey.toString('hex'),
    DATABASE_URL: databaseUrl.href,
    REDIS_URL: links.redis.url,
    ADMIN_PASSWORD: adminPassword,
    DATA_DIR: folder,
    ENTRY_PORT: String(entryPort),
    // The load comes from one address, and is no attack.
    RATE_LIMIT_LOGIN_PER_IP: 'off',
    RATE_LIMIT_REGISTER_PER_IP: 'off',
    // The tokens of the steady load live through the longest proof.
    ACCESS_TOKEN_TTL_SECONDS: '7200',
    GATEWAY_CONFIG: configPath,
    GATEWAY_ACCESS_LOG: 'off',
    // A machine that is busy with other things would have requests refused for that.
    GATEWAY_SHED_LAG_MS: 'off',
    LOG_LEVEL: 'warn',
    ...options.env,
  };
  const services = await Promise.all(
    [upPort, sickPort].map((port) =>
      spawnService('tests/proofs/small-service.ts', { host: '127.0.0.1', port }, { PORT: String(port) }),
    ),
  );
  const auths = await Promise.all(
    authPorts.map(async (port, index): Promise<RigService> => {
      const metricsPort = String(metricsPorts[index]);
      const own = { ...env, AUTH_PORT: String(port), AUTH_METRICS_PORT: metricsPort };
      const root = index === 1 ? options.secondAuthRoot : undefined;
      const service = await spawnService('services/auth/main.ts', { host: '127.0.0.1', port }, own, root);
      return { ...service, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
    }),
  );
  const runtimeDir = await makeStackRuntimeDir();
  const socketPaths = gatewayPorts.map((_, index) => join(runtimeDir.path, `gateway-${index}.sock`));
  const gateways = await Promise.all(
    gatewayPorts.map(async (port, index): Promise<RigService> => {
      const metricsPort = String(metricsPorts[2 + index]);
      const own = {
        ...env,
        AUTH_URL: `http://127.0.0.1:${authPorts[index]}`,
        GATEWAY_PORT: String(port),
        GATEWAY_METRICS_PORT: metricsPort,
        GATEWAY_SOCKET: socketPaths[index]!,
      };
      const service = await spawnService('services/gateway/main.ts', { host: '127.0.0.1', port }, own);
      return { ...service, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
    }),
  );
  const { workerUser } = runtimeDir;
  const nginx = await startNginx({
    dir: folder,
    runDir: runtimeDir.path,
    host: '127.0.0.1',
    port: entryPort,
    gateways: socketPaths.map((path) => `unix:${path}`),
    trustedProxies: [],
    ...(workerUser === undefined ? {} : { workerUser }),
    mark: `rig-${entryPort}`,
    log,
  });
  nginx.unref();
  return {
    entry: { host: '127.0.0.1', port: entryPort },
    gateways,
    auths,
    nginx,
    postgres,
    redis,
    redisPath: redis.url,
    links,
    admin: { email: 'admin@example.com', password: adminPassword },
    databaseUrl: databaseUrl.href,
    masterKey,
    superuser() {
      const url = new URL(postgres.superuserUrl);
      url.pathname = databaseUrl.pathname;
      return openSuperuser(url.href);
    },
    async close() {
      await nginx.stop();
      await Promise.all([...gateways, ...auths, ...services].map((service) => service.stop('SIGKILL')));
      await Promise.all(Object.values(links).map((link) => link.stop()));
      await Promise.all([postgres.stop(), redis.stop()]);
      for (const path of [folder, runtimeDir.path]) rmSync(path, { recursive: true, force: true });
    },
  };
}
