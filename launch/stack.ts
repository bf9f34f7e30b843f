// `npm run stack`: the production topology on one machine without Docker, each part its own supervised process:
// nginx → gateway workers → auth → PostgreSQL and Redis. nginx reaches the workers over unix sockets in a
// private directory: only what comes that way is believed about who is calling, never a loopback client.

import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { whole } from '@pi-gateway/env/setting-kinds.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { readAuthConfig } from '../services/auth/config.ts';
import { readGatewayConfig } from '../services/gateway/config.ts';
import { findProgram } from './find-program.ts';
import { markOf } from './leftover.ts';
import { startNginx } from './nginx.ts';
import { startNodeService } from './node-service.ts';
import { startPostgres } from './postgres.ts';
import { prepareRun } from './prepare-run.ts';
import { readyBox } from './print-box.ts';
import { startRedis } from './redis.ts';
import { type Launch, runLauncher } from './run-launcher.ts';
import { localOrigin, localRequest } from './settle-ports.ts';
import { makeStackRuntimeDir } from './stack-runtime-dir.ts';

export const stackSettings = {
  gatewayWorkers: whole('GATEWAY_WORKERS', {
    default: String(Math.min(2, availableParallelism())),
    min: 1,
    max: 64,
    doc: 'Gateway processes of `npm run stack`; they share GATEWAY_PORT (Linux), and each has its own metrics port from GATEWAY_METRICS_PORT up.',
  }),
} as const;

async function startStack(launch: Launch): Promise<void> {
  const { gatewayWorkers } = readSettings(stackSettings, process.env);
  const prepared = await prepareRun(process.env, 'stack', launch);
  const { lock, version, hasDatabase, hasRedis } = prepared;
  const dir = lock.dir;
  const log = createLog({ service: 'launch', level: prepared.logLevel });
  findProgram('nginx', 'nginx');

  const [postgres, redis, runtimeDir] = await Promise.all([
    hasDatabase ? undefined : startPostgres({ dir: join(dir, 'postgres'), log }),
    hasRedis ? undefined : startRedis({ dir: join(dir, 'redis'), log }),
    makeStackRuntimeDir(),
  ]);
  launch.onEnd(() => rm(runtimeDir.path, { recursive: true, force: true }));
  launch.onEnd(() => Promise.all([postgres?.stop(), redis?.stop()]));
  const env = {
    ...prepared.env,
    ...(postgres === undefined ? {} : { DATABASE_URL: postgres.ownerUrl }),
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
  };
  lock.tell({
    pid: process.pid,
    run: 'stack',
    ...(postgres === undefined ? {} : { databaseUrl: postgres.ownerUrl }),
    ...(redis === undefined ? {} : { redisUrl: redis.url }),
  });
  const mark = markOf(dir);
  const pidFile = (name: string) => ({ path: join(dir, `${name}.pid`), mark });

  const { host, authPort, publicUrl } = readAuthConfig(env);
  const auth = await startNodeService({
    name: 'auth',
    main: 'services/auth/main.ts',
    env,
    readyAt: localRequest(host, authPort),
    pidFile: pidFile('auth'),
    log,
  });
  launch.onEnd(() => auth.stop());

  const { gatewayPort, gatewayMetricsPort } = readGatewayConfig(env);
  const sockets = Array.from({ length: gatewayWorkers }, (_, index) =>
    join(runtimeDir.path, `gateway-${index + 1}.sock`),
  );
  const isAnyPort = process.env['GATEWAY_METRICS_PORT'] === '0';
  const metricsPortOf = (index: number) =>
    gatewayMetricsPort === 'off' ? 'off' : index > 0 && isAnyPort ? '0' : String(gatewayMetricsPort + index);
  const gateways = await Promise.all(
    sockets.map((socketPath, index) =>
      startNodeService({
        name: `gateway ${index + 1}`,
        main: 'services/gateway/main.ts',
        env: {
          ...env,
          GATEWAY_SOCKET: socketPath,
          GATEWAY_SHARE_PORT: gatewayWorkers > 1 ? 'on' : 'off',
          GATEWAY_METRICS_PORT: metricsPortOf(index),
        },
        readyAt: { socketPath },
        pidFile: pidFile(`gateway-${index + 1}`),
        log,
      }),
    ),
  );
  launch.onEnd(() => Promise.all(gateways.map((gateway) => gateway.stop())));

  const { entryPort, trustedProxies } = readAuthConfig(env);
  const nginx = await startNginx({
    dir,
    runDir: runtimeDir.path,
    host,
    port: entryPort,
    gateways: sockets.map((path) => `unix:${path}`),
    trustedProxies: trustedProxies.split(/[\s,]+/).filter(Boolean),
    ...(runtimeDir.workerUser === undefined ? {} : { workerUser: runtimeDir.workerUser }),
    mark,
    log,
  });
  launch.onEnd(() => nginx.stop());

  console.log(
    readyBox({
      run: 'stack',
      version,
      startedInMs: performance.now(),
      publicUrl,
      gatewayUrl: localOrigin('localhost', gatewayPort),
      authUrl: localOrigin('localhost', authPort),
      dataDir: dir,
    }),
  );
}

await runLauncher(startStack);
