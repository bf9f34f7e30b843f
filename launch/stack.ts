// `npm run stack`: the production topology on one machine without Docker, each part its own supervised process:
// nginx → gateway workers → auth → PostgreSQL and Redis. nginx reaches the workers over unix sockets in a
// private directory: only what comes that way is believed about who is calling, never a loopback client.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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
import { onRollSignal, rollGateways } from './roll-gateways.ts';
import { type Launch, runLauncher } from './run-launcher.ts';
import { localOrigin, localRequest } from './settle-ports.ts';
import { makeStackRuntimeDir } from './stack-runtime-dir.ts';
import { stackSettings } from './stack-settings.ts';

// A worker that is to end still takes the connections that nginx was about to open to it.
const acceptMs = 250;

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
    at: localRequest(host, authPort),
    shutdownDelayMs: readAuthConfig(env).shutdownDelayMs,
    pidFile: pidFile('auth'),
    log,
  });
  launch.onEnd(() => auth.stop());

  const { gatewayPort, gatewayMetricsPort, shutdownDelayMs } = readGatewayConfig(env);
  const delayMs = Math.max(shutdownDelayMs, acceptMs);
  const sockets = Array.from({ length: gatewayWorkers }, (_, index) =>
    join(runtimeDir.path, `gateway-${index + 1}.sock`),
  );
  const isAnyPort = process.env['GATEWAY_METRICS_PORT'] === '0';
  const metricsPortOf = (index: number) =>
    gatewayMetricsPort === 'off' ? 'off' : index > 0 && isAnyPort ? '0' : String(gatewayMetricsPort + index);
  const gateways = await Promise.all(
    sockets.map((socket, index) =>
      startNodeService({
        name: `gateway ${index + 1}`,
        main: 'services/gateway/main.ts',
        env: {
          ...env,
          SHUTDOWN_DELAY_MS: String(delayMs),
          // On Linux for a single one too: its successor listens there before it ends.
          GATEWAY_SHARE_PORT: gatewayWorkers > 1 || process.platform === 'linux' ? 'on' : 'off',
          GATEWAY_METRICS_PORT: metricsPortOf(index),
        },
        at: { socket },
        shutdownDelayMs: delayMs,
        pidFile: pidFile(`gateway-${index + 1}`),
        log,
      }),
    ),
  );
  launch.onEnd(() => Promise.all(gateways.map((gateway) => gateway.stop())));
  onRollSignal(() => rollGateways(gateways, log));

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
