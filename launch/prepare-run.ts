// What both launchers do first, before any server starts: read every setting (a bad one stops here), take the
// data directory, settle the ports, have a master key. The answer is the environment that the services read.

import { readFileSync } from 'node:fs';
import { type AuthConfig, readAuthConfig } from '../services/auth/config.ts';
import { type GatewayConfig, readGatewayConfig } from '../services/gateway/config.ts';
import { type DataDirLock, lockDataDir, type RunState } from './data-dir-lock.ts';
import { stopLeftovers } from './leftover.ts';
import { ensureMasterKey } from './master-key-file.ts';
import type { Launch } from './run-launcher.ts';
import { localOrigin, settlePorts } from './settle-ports.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export type PreparedRun = {
  /** Complete but for the URLs of servers that are still to be started. */
  readonly env: Env;
  readonly lock: DataDirLock;
  readonly hasDatabase: boolean;
  readonly hasRedis: boolean;
  readonly logLevel: AuthConfig['logLevel'];
  readonly version: string;
};

type Configs = { readonly auth: AuthConfig; readonly gateway: GatewayConfig };

const isSet = (env: Env, name: string) => Boolean(env[name] || env[`${name}_FILE`]);

/** Reads all settings; what the launcher will provide itself stands in for what is not there yet. */
function readConfigs(env: Env): Configs {
  const provided = {
    ...env,
    ...(isSet(env, 'DATABASE_URL') ? {} : { DATABASE_URL: 'postgres://localhost' }),
    ...(isSet(env, 'MASTER_KEY') ? {} : { MASTER_KEY: '0'.repeat(64) }),
  };
  return { auth: readAuthConfig(provided), gateway: readGatewayConfig(provided) };
}

/** @throws {LaunchError | SettingError} one line that names what is wrong. */
export async function prepareRun(given: Env, run: RunState['run'], launch: Launch): Promise<PreparedRun> {
  const { auth, gateway } = readConfigs(given);
  const lock = lockDataDir(auth.dataDir, run);
  launch.onEnd(lock.release);
  await stopLeftovers(lock.dir);
  const ports = await settlePorts(auth.host, [
    { setting: 'ENTRY_PORT', port: auth.entryPort },
    { setting: 'GATEWAY_PORT', port: gateway.gatewayPort },
    { setting: 'AUTH_PORT', port: auth.authPort },
    { setting: 'AUTH_METRICS_PORT', port: auth.authMetricsPort },
    { setting: 'GATEWAY_METRICS_PORT', port: gateway.gatewayMetricsPort },
  ]);
  const masterKey = isSet(given, 'MASTER_KEY') ? {} : { MASTER_KEY: ensureMasterKey(lock.dir) };
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const authUrl = localOrigin(auth.host, ports.AUTH_PORT ?? '');
  return {
    env: { ...given, ...ports, ...masterKey, DATA_DIR: lock.dir, AUTH_URL: authUrl },
    lock,
    hasDatabase: isSet(given, 'DATABASE_URL'),
    hasRedis: isSet(given, 'REDIS_URL'),
    logLevel: auth.logLevel,
    version,
  };
}
