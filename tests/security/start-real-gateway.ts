// For tests: a gateway in front of a real auth service, on free ports, without Redis.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { startGateway } from '@pi-gateway/gateway/app.ts';
import { readGatewayConfig } from '@pi-gateway/gateway/config.ts';
import { openGatewayDeps } from '@pi-gateway/gateway/deps.ts';
import { createLog } from '@pi-gateway/log/log.ts';

/** `routes` in the form of gateway.yaml; the one service is auth, `services` are added to it. `env` adds settings. */
export async function startRealGateway(
  auth: TestAuth,
  routes: string,
  { services = '', env = {} }: { services?: string; env?: Readonly<Record<string, string>> } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'pi-gateway-'));
  const path = join(folder, 'gateway.yaml');
  await writeFile(
    path,
    `services: { auth: { targets: ["\${AUTH_URL}"], forward_token: true }${services} }\nroutes:\n${routes}\n`,
  );
  const config = readGatewayConfig({
    MASTER_KEY: auth.config.masterKey.toString('hex'),
    PUBLIC_URL: auth.config.publicUrl,
    AUTH_URL: auth.url,
    GATEWAY_PORT: '0',
    GATEWAY_METRICS_PORT: 'off',
    GATEWAY_ACCESS_LOG: 'off',
    GATEWAY_CONFIG: path,
    ...env,
  });
  const log = createLog({ service: 'gateway', level: 'silent' });
  const gateway = await startGateway(config, await openGatewayDeps(config, { log }));
  return {
    url: gateway.url,
    metricsUrl: gateway.metricsUrl,
    async close() {
      await gateway.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
