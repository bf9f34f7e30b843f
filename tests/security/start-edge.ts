// For tests: what a client meets, whole: nginx as the entry before a gateway, the gateway's own port beside it, and
// behind both a service that keeps the very bytes it gets.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { startTestGateway, type TestGateway } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { startNginx } from '../../launch/nginx.ts';
import { makeStackRuntimeDir } from '../../launch/stack-runtime-dir.ts';
import { freePorts } from '../journeys/free-ports.ts';

export type Edge = {
  readonly upstream: RecordingUpstream;
  readonly t: TestGateway;
  /** Where a client may knock. */
  readonly doors: readonly { readonly name: 'directly' | 'through nginx'; readonly port: number }[];
  close(): Promise<void>;
};

/** `yaml` is told where the service is. */
export async function startEdge(yaml: (origin: string) => string): Promise<Edge> {
  const upstream = await RecordingUpstream.start();
  const runtimeDir = await makeStackRuntimeDir();
  const socketPath = join(runtimeDir.path, 'gateway.sock');
  const t = await startTestGateway(yaml(upstream.origin), { GATEWAY_SOCKET: socketPath });
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'pi-edge-'));
  const { workerUser } = runtimeDir;
  const nginx = await startNginx({
    dir: folder,
    runDir: runtimeDir.path,
    host: '127.0.0.1',
    port,
    gateways: [`unix:${socketPath}`],
    trustedProxies: [],
    ...(workerUser === undefined ? {} : { workerUser }),
    mark: `edge-${port}`,
    log: createLog({ service: 'nginx', level: 'silent' }),
  });
  return {
    upstream,
    t,
    doors: [
      { name: 'directly', port: t.port },
      { name: 'through nginx', port },
    ],
    async close() {
      await nginx.stop();
      await t.close();
      upstream.close();
      for (const path of [folder, runtimeDir.path]) rmSync(path, { recursive: true, force: true });
    },
  };
}
