// Our gateway as it runs in production, one process or several on one port, and the tokens it takes. What auth does
// for a gateway (keys, revocations) comes from the stand-in of the gateway's own tests.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeAuth, masterKey, publicUrl } from '@pi-gateway/gateway/testing/fake-auth.ts';
import { mallocEnv, v8Flags } from '../../launch/node-memory.ts';
import { freePort } from '../../tools/free-port.ts';
import { type Processes, untilAnswers } from './processes.ts';

const main = 'services/gateway/main.ts';

export type GatewayPlace = {
  readonly processes: Processes;
  readonly folder: string;
  readonly name: string;
  readonly cores: string;
  readonly auth: FakeAuth;
  /** The text of gateway.yaml. */
  readonly config: string;
  readonly workers?: number;
  readonly env?: NodeJS.ProcessEnv;
};

export type StartedGateway = { readonly pids: readonly number[]; readonly origin: string };

export async function startGateway(place: GatewayPlace): Promise<StartedGateway> {
  const { processes, folder, name, cores, auth, config, workers = 1, env } = place;
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, config);
  const port = await freePort();
  const pids = Array.from({ length: workers }, (_, at) =>
    processes.start(cores, [process.execPath, ...v8Flags(main), main], {
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...mallocEnv,
      MASTER_KEY: masterKey,
      PUBLIC_URL: publicUrl,
      AUTH_URL: auth.origin,
      GATEWAY_PORT: String(port),
      GATEWAY_SHARE_PORT: workers > 1 ? 'on' : 'off',
      GATEWAY_METRICS_PORT: '0',
      GATEWAY_ACCESS_LOG: join(folder, `${name}-${at}.log`),
      GATEWAY_CONFIG: file,
      LOG_LEVEL: 'error',
      ...env,
    }),
  );
  const origin = `http://127.0.0.1:${port}`;
  await untilAnswers(`${origin}/health`);
  return { pids, origin };
}

/** Writes so many tokens of as many users to a file and gives its path. */
export async function writeTokens(auth: FakeAuth, folder: string, count: number): Promise<string> {
  const tokens: string[] = [];
  for (let i = 0; i < count; i += 1) tokens.push(await auth.token({ lifeSeconds: 86_400 }));
  const file = join(folder, `tokens-${count}`);
  writeFileSync(file, `${tokens.join('\n')}\n`);
  return file;
}

/** gateway.yaml with one service and the routes of most benchmarks. */
export function gatewayYaml(service: string, more = ''): string {
  return `services:
  up: { targets: ["${service}"] }
routes:
  - { path: /open/*, service: up, access: public }
  - { path: /checked/*, service: up, access: { roles: [user] } }
${more}`;
}
