// Gateway workers as processes of their own that share a port, as under `npm run stack`, with a file that a proof may
// change, services that it may kill, and what the gateway needs of auth.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeAuth, masterKey, publicUrl } from '@pi-gateway/gateway/testing/fake-auth.ts';
import { freePorts } from '../journeys/free-ports.ts';
import { type Service, spawnService } from './spawn-service.ts';

export type Gateways = {
  readonly auth: FakeAuth;
  readonly port: number;
  readonly workers: readonly (Service & { readonly metricsUrl: string })[];
  /** Processes of `serviceMain`. */
  readonly services: readonly (Service & { readonly origin: string })[];
  /** Puts another gateway.yaml in the place of the one there is, in one step. */
  replaceFile(text: string): void;
  close(): Promise<void>;
};

export type GatewaysOptions = {
  readonly workers: number;
  readonly services: number;
  /** What a service runs; unset: small-service.ts. */
  readonly serviceMain?: string;
  /** For the workers. */
  readonly env?: Readonly<Record<string, string>>;
};

/** `yaml` is told where the services are. */
export async function startGateways(
  yaml: (origins: readonly string[]) => string,
  { workers: workerCount, services: serviceCount, serviceMain, env }: GatewaysOptions,
): Promise<Gateways> {
  const folder = mkdtempSync(join(tmpdir(), 'pi-gateways-'));
  const configPath = join(folder, 'gateway.yaml');
  const [port = 0, ...ports] = await freePorts(1 + workerCount + serviceCount);
  const auth = await FakeAuth.start();
  const services = await Promise.all(
    ports.slice(workerCount).map(async (own) => {
      const target = { host: '127.0.0.1', port: own };
      const main = serviceMain ?? 'tests/proofs/small-service.ts';
      const service = await spawnService(main, target, { PORT: String(own) });
      return { ...service, origin: `http://127.0.0.1:${own}` };
    }),
  );
  writeFileSync(configPath, yaml(services.map(({ origin }) => origin)));
  const workers = await Promise.all(
    ports.slice(0, workerCount).map(async (metricsPort, index) => {
      const socketPath = join(folder, `${index}.sock`);
      const worker = await spawnService(
        'services/gateway/main.ts',
        { socketPath },
        {
          MASTER_KEY: masterKey,
          PUBLIC_URL: publicUrl,
          AUTH_URL: auth.origin,
          GATEWAY_PORT: String(port),
          GATEWAY_SHARE_PORT: 'on',
          GATEWAY_SOCKET: socketPath,
          GATEWAY_METRICS_PORT: String(metricsPort),
          GATEWAY_CONFIG: configPath,
          GATEWAY_ACCESS_LOG: 'off',
          // A machine that is busy with other things would have requests refused for that.
          GATEWAY_SHED_LAG_MS: 'off',
          LOG_LEVEL: 'warn',
          ...env,
        },
      );
      return { ...worker, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
    }),
  );
  return {
    auth,
    port,
    workers,
    services,
    replaceFile(text) {
      writeFileSync(`${configPath}.next`, text);
      renameSync(`${configPath}.next`, configPath);
    },
    async close() {
      await Promise.all([...workers, ...services].map((service) => service.stop('SIGKILL')));
      auth.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
