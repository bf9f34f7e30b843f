// `npm start`: the whole system on embedded defaults. One Node process hosts auth and the gateway, PostgreSQL
// is a child process, limits and the revocation feed live in this process; no Redis, no nginx. The gateway's
// handler serves the entry's port as well. Everything that can run side by side does, for a short start.

import { join } from 'node:path';
import { settleAfterStart } from '@pi-gateway/after-start/settle-after-start.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { createLog, type Log } from '@pi-gateway/log/log.ts';
import { createMemoryFeed } from '@pi-gateway/revocation/memory-feed.ts';
import { authSettings } from '../services/auth/auth-settings.ts';
import { readAuthConfig } from '../services/auth/config.ts';
import { chooseThreadPoolSize, lowerHashingPriority } from '../services/auth/crypto/hashing-threads.ts';
import { mailFolderOf } from '../services/auth/mail/mail-folder.ts';
import { readGatewayConfig } from '../services/gateway/config.ts';
import { inboxSettings, isInboxWanted } from './inbox/inbox-settings.ts';
import { type Inbox, startInbox } from './inbox/start-inbox.ts';
import { startPostgres } from './postgres.ts';
import { type Env, prepareRun } from './prepare-run.ts';
import { firstAdminBox, readyBox } from './print-box.ts';
import { type Launch, runLauncher } from './run-launcher.ts';
import { localOrigin } from './settle-ports.ts';

const threadPoolSize = chooseThreadPoolSize(process.env.UV_THREADPOOL_SIZE);
process.env.UV_THREADPOOL_SIZE = threadPoolSize;

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
  const inbox = await openInbox(env, log);
  launch.onEnd(() => inbox?.close());
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
  await lowerHashingPriority();
  const authDeps = await openAuthDeps(authConfig, { log: authLog, threadPoolSize, ...feed });
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
      inboxUrl: inbox?.url,
    }),
  );
}

/** Undefined unless this is a development run (launch/inbox/inbox-settings.ts). */
async function openInbox(env: Env, log: Log): Promise<Inbox | undefined> {
  const { masterKey, dataDir, ...settings } = readSettings(authSettings, env);
  const { mailInboxPort } = readSettings(inboxSettings, env);
  if (mailInboxPort === 'off' || masterKey === undefined) return undefined;
  if (!isInboxWanted(settings)) return undefined;
  return startInbox({ port: mailInboxPort, masterKey, folder: mailFolderOf(dataDir), log });
}

await runLauncher(startEmbedded);
