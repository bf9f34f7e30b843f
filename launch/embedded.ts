// `npm start`: the whole system on embedded defaults. One Node process hosts auth and the gateway, PostgreSQL
// is a child process, limits and the revocation feed live in this process; no Redis, no nginx. The gateway's
// handler serves the entry's port as well. Everything that can run side by side does, for a short start.

import { join } from 'node:path';
import { settleAfterStart } from '@pi-gateway/after-start/settle-after-start.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { createMemoryFeed } from '@pi-gateway/revocation/memory-feed.ts';
import { readAuthConfig } from '../services/auth/config.ts';
import { readGatewayConfig } from '../services/gateway/config.ts';
import { startPostgres } from './postgres.ts';
import { prepareRun } from './prepare-run.ts';
import { firstAdminBox, readyBox } from './print-box.ts';
import { type Launch, runLauncher } from './run-launcher.ts';
import { localOrigin } from './settle-ports.ts';

// Loading the services' code takes a few hundred milliseconds, in which PostgreSQL can start.
async function loadServices() {
  const [authDeps, auth, gatewayDeps, gateway] = await Promise.all([
    import('../services/auth/deps.ts'),
    import('../services/auth/app.ts'),
    import('../services/gateway/deps.ts'),
    import('../services/gateway/app.ts'),
  ]);
  return { ...authDeps, ...auth, ...gatewayDeps, ...gateway };
}

async function startEmbedded(launch: Launch): Promise<void> {
  const prepared = await prepareRun(process.env, 'embedded', launch);
  const { lock, hasDatabase, logLevel, version } = prepared;
  const loading = loadServices();
  loading.catch(() => undefined);
  let env = prepared.env;
  const log = createLog({ service: 'launch', level: logLevel });
  if (!hasDatabase) {
    const postgres = await startPostgres({ dir: join(lock.dir, 'postgres'), log });
    launch.onEnd(() => postgres.stop());
    lock.tell({ pid: process.pid, run: 'embedded', databaseUrl: postgres.ownerUrl });
    env = { ...env, DATABASE_URL: postgres.ownerUrl };
  }
  const { openAuthDeps, startAuth, openGatewayDeps, startGateway } = await loading;

  const authConfig = readAuthConfig(env);
  const entryPort = authConfig.entryPort;
  const feed = authConfig.redisUrl === undefined ? { revocations: createMemoryFeed() } : {};
  const authLog = createLog({ service: 'auth', level: logLevel });
  const authDeps = await openAuthDeps(authConfig, { log: authLog, ...feed });
  const auth = await startAuth(authConfig, authDeps, {
    announceFirstAdmin: (admin) => console.log(firstAdminBox(admin)),
  });
  launch.onEnd(() => auth.close());

  const gatewayConfig = { ...readGatewayConfig(env), entryPort };
  const gatewayLog = createLog({ service: 'gateway', level: logLevel });
  const gatewayDeps = await openGatewayDeps(gatewayConfig, { log: gatewayLog, ...feed });
  const gateway = await startGateway(gatewayConfig, gatewayDeps);
  launch.onEnd(() => gateway.close());

  settleAfterStart();
  console.log(
    readyBox({
      run: 'embedded',
      version,
      startedInMs: performance.now(),
      publicUrl: authConfig.publicUrl,
      gatewayUrl: localOrigin('localhost', gatewayConfig.gatewayPort),
      authUrl: localOrigin('localhost', authConfig.authPort),
      dataDir: lock.dir,
    }),
  );
}

await runLauncher(startEmbedded);
