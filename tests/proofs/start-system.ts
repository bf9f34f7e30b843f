// The production topology for proofs, each part its own process: auth processes on one PostgreSQL, gateways of
// several workers, a service behind them, Redis or none. Workers of a gateway share its port, as under
// `npm run stack`, and each has a unix socket of its own, by which a proof reaches exactly that worker.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningRedis } from '../../launch/redis.ts';
import { createTestDatabase, type TestDatabase } from '../../launch/testing/test-database.ts';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { freePorts } from '../journeys/free-ports.ts';
import { send, type Target, type Tokens } from './http-client.ts';
import { type Service, spawnService } from './spawn-service.ts';

export type Gateway = { readonly target: Target; readonly workers: readonly Service[] };

export type Auth = Service & { readonly metricsUrl: string };

export type System = {
  readonly database: TestDatabase;
  readonly redis: RunningRedis | undefined;
  readonly redisUrl: string | undefined;
  readonly masterKey: Buffer;
  readonly auths: readonly Auth[];
  readonly gateways: readonly Gateway[];
  readonly admin: { readonly email: string; readonly password: string };
  /** A new account, with `userPassword`. */
  register(): Promise<{ readonly id: string; readonly email: string }>;
  login(email: string, password?: string): Promise<Tokens>;
  close(): Promise<void>;
};

export type SystemOptions = {
  readonly auths: number;
  readonly gateways: number;
  readonly workers: number;
  readonly redis: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

export const userPassword = 'StrongPass123';
const adminPassword = 'correct-horse-battery';

/** Routes: `/up/*` needs a bearer token and leads to a service that answers 200; auth's routes as in gateway.yaml. */
const routes = `
  - { path: /up/*, service: up, access: authenticated }
  - { path: /api/auth/login, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/auth/refresh, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/auth/logout, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/admin/*, service: auth, strip_prefix: /api, access: { roles: [admin] } }
  - { path: /api/*, service: auth, strip_prefix: /api, access: authenticated }
`;

export async function startSystem(options: SystemOptions): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), 'pi-proof-'));
  const database = await createTestDatabase();
  const redis = options.redis ? await startTestRedis() : undefined;
  const upstream = createServer((_, res) => res.end('{}')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstream.unref();
  const ports = await freePorts(2 * options.auths + options.gateways);
  const authPorts = ports.splice(0, options.auths);
  const metricsPorts = ports.splice(0, options.auths);
  const masterKey = randomBytes(32);
  const env = {
    MASTER_KEY: masterKey.toString('hex'),
    DATABASE_URL: database.url,
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    ADMIN_PASSWORD: adminPassword,
    DATA_DIR: folder,
    RATE_LIMIT_LOGIN_PER_IP: 'off',
    RATE_LIMIT_LOGIN_PER_ACCOUNT: 'off',
    RATE_LIMIT_REGISTER_PER_IP: 'off',
    GATEWAY_METRICS_PORT: 'off',
    GATEWAY_ACCESS_LOG: 'off',
    GATEWAY_CONFIG: join(folder, 'gateway.yaml'),
    LOG_LEVEL: 'warn',
    ...options.env,
  };
  const targets = authPorts.map((port) => `http://127.0.0.1:${port}`).join(', ');
  const upPort = (upstream.address() as AddressInfo).port;
  await writeFile(
    env.GATEWAY_CONFIG,
    `services:\n  auth: { targets: [${targets}], forward_token: true }\n  up: { targets: [http://127.0.0.1:${upPort}] }\nroutes:${routes}`,
  );

  const auths: Auth[] = [];
  for (const [index, port] of authPorts.entries()) {
    const metricsPort = metricsPorts[index];
    const own = { ...env, AUTH_PORT: String(port), AUTH_METRICS_PORT: String(metricsPort) };
    const service = await spawnService('services/auth/main.ts', { host: '127.0.0.1', port }, own);
    auths.push({ ...service, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` });
  }
  const gateways = await Promise.all(
    ports.map(async (port, gateway): Promise<Gateway> => {
      const workers = await Promise.all(
        Array.from({ length: options.workers }, (_, worker) => {
          const socketPath = join(folder, `gateway-${gateway}-${worker}.sock`);
          const own = {
            ...env,
            AUTH_URL: `http://127.0.0.1:${authPorts[0]}`,
            GATEWAY_PORT: String(port),
            GATEWAY_SHARE_PORT: 'on',
            GATEWAY_SOCKET: socketPath,
          };
          return spawnService('services/gateway/main.ts', { socketPath }, own);
        }),
      );
      return { target: { host: '127.0.0.1', port }, workers };
    }),
  );
  const first = auths[0]!.target;

  return {
    database,
    redis,
    redisUrl: redis?.url,
    masterKey,
    auths,
    gateways,
    admin: { email: 'admin@example.com', password: adminPassword },
    async register() {
      const email = `${randomBytes(6).toString('hex')}@example.com`;
      const body = { email, password: userPassword };
      const answer = await send(first, { method: 'POST', path: '/auth/register', body });
      if (answer.status !== 201) throw new Error(`register: ${JSON.stringify(answer.body)}`);
      return { id: String(answer.body['id']), email };
    },
    async login(email, password = email === 'admin@example.com' ? adminPassword : userPassword) {
      for (let tries = 1; ; tries += 1) {
        const answer = await send(first, { method: 'POST', path: '/auth/login', body: { email, password } });
        if (answer.status === 200) return answer.body as Tokens;
        // A machine that is busy with other things may be told to come again.
        if (answer.status !== 503 || tries === 10) throw new Error(`login: ${JSON.stringify(answer.body)}`);
        await delay(500);
      }
    },
    async close() {
      const services = [...gateways.flatMap(({ workers }) => workers), ...auths];
      await Promise.all(services.map((service) => service.stop('SIGKILL')));
      upstream.closeAllConnections();
      upstream.close();
      await redis?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
