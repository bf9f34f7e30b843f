// For tests: the whole gateway on free ports, with a gateway.yaml of the test's own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@pi-gateway/log/log.ts';
import { createMemoryFeed } from '@pi-gateway/revocation/memory-feed.ts';
import { type RunningGateway, startGateway } from '../app.ts';
import { readGatewayConfig } from '../config.ts';
import { type GatewayDeps, openGatewayDeps } from '../deps.ts';
import { FakeAuth, masterKey, publicUrl } from './fake-auth.ts';

export type TestGateway = {
  readonly gateway: RunningGateway;
  readonly deps: GatewayDeps;
  readonly auth: FakeAuth;
  readonly feed: ReturnType<typeof createMemoryFeed>;
  readonly port: number;
  readonly folder: string;
  readonly configPath: string;
  /** The lines of the access log so far. */
  readonly accessLogPath: string;
  close(): Promise<void>;
};

export async function startTestGateway(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  replaced: Partial<GatewayDeps> = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'pi-gateway-test-'));
  const configPath = join(folder, 'gateway.yaml');
  const accessLogPath = join(folder, 'access.log');
  writeFileSync(configPath, yaml);
  const auth = await FakeAuth.start();
  const feed = createMemoryFeed();
  const log = createLog({ service: 'gateway', level: 'silent' });
  const config = readGatewayConfig({
    MASTER_KEY: masterKey,
    AUTH_URL: auth.origin,
    PUBLIC_URL: publicUrl,
    GATEWAY_PORT: '0',
    GATEWAY_METRICS_PORT: '0',
    GATEWAY_CONFIG: configPath,
    GATEWAY_ACCESS_LOG: accessLogPath,
    // A busy test machine is late; what overload does has tests of its own.
    GATEWAY_SHED_LAG_MS: 'off',
    // The same tests run over the other transport too.
    GATEWAY_TRANSPORT: process.env['GATEWAY_TRANSPORT'],
    ...env,
  });
  const deps = { ...(await openGatewayDeps(config, { log, revocations: feed })), ...replaced };
  const gateway = await startGateway(config, deps);
  return {
    gateway,
    deps,
    auth,
    feed,
    port: Number(new URL(gateway.url).port),
    folder,
    configPath,
    accessLogPath,
    async close() {
      await gateway.close();
      auth.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Polls until `read` gives something. Fails after five seconds. */
export async function until<T>(
  what: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endMs = Date.now() + 5000;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`did not happen within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
