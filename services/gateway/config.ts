// The gateway's settings: read once, frozen, each with its unit in its name. Only this file reads the
// environment's meaning; only main.ts (or the embedded launcher) hands the environment in.

import { parseTrustedProxies, type TrustedProxies } from '@pi-gateway/client-address/trusted-proxies.ts';
import { drainSettings } from '@pi-gateway/env/drain-settings.ts';
import {
  key32,
  oneOf,
  origin,
  port,
  portOrOff,
  text,
  whole,
  wholeOrOff,
} from '@pi-gateway/env/setting-kinds.ts';
import { readSettings, type Setting, SettingError, type Settings } from '@pi-gateway/env/settings.ts';
import { logLevels } from '@pi-gateway/log/log.ts';
import { tracingSettings } from '@pi-gateway/telemetry/settings.ts';

const trustedProxies: Setting<TrustedProxies> = {
  name: 'TRUSTED_PROXIES',
  default: '',
  doc: 'Networks (CIDR list) whose forwarding and trace headers are believed; everyone else is just a client.',
  secret: false,
  read: parseTrustedProxies,
};

export const gatewaySettings = {
  host: text('HOST', { default: '127.0.0.1', doc: 'The address that is listened on.' }),
  gatewayPort: port('GATEWAY_PORT', { default: '8001', doc: 'The port of the gateway.' }),
  gatewaySocket: text('GATEWAY_SOCKET', {
    doc: 'A unix socket that is listened on too: whoever comes over it is our own entry (nginx) and is believed.',
  }),
  gatewaySharePort: oneOf('GATEWAY_SHARE_PORT', ['off', 'on'], {
    default: 'off',
    doc: 'Whether several gateway processes listen on GATEWAY_PORT (and an old and a new one on GATEWAY_METRICS_PORT) together (Linux); `npm run stack` sets it.',
  }),
  gatewayMetricsPort: portOrOff('GATEWAY_METRICS_PORT', {
    default: '9465',
    doc: 'The port of /metrics; 0 for any free one, or off.',
  }),
  gatewayConfig: text('GATEWAY_CONFIG', { default: 'gateway.yaml', doc: 'The file of services and routes.' }),
  authPort: port('AUTH_PORT', { default: '8000', doc: 'The port of the auth service on this machine.' }),
  authUrl: origin('AUTH_URL', {
    doc: 'Where the auth service is; unset: http://127.0.0.1:$AUTH_PORT. Usable in gateway.yaml.',
  }),
  entryPort: port('ENTRY_PORT', { default: '8080', doc: 'The port of the entry.' }),
  publicUrl: origin('PUBLIC_URL', {
    doc: 'The origin clients use: issuer and audience of tokens; unset: http://localhost:$ENTRY_PORT.',
  }),
  trustedProxies,
  redisUrl: text('REDIS_URL', {
    secret: true,
    doc: 'Redis for shared limits and the revocation feed; unset: both in this process.',
  }),
  masterKey: key32('MASTER_KEY', {
    doc: 'The one master key; the proofs between gateway and auth derive from it.',
  }),
  clockSkewSeconds: whole('CLOCK_SKEW_SECONDS', {
    default: '5',
    min: 0,
    max: 300,
    doc: 'Leeway on the times in tokens.',
  }),
  gatewayShedLagMs: wholeOrOff('GATEWAY_SHED_LAG_MS', {
    default: '300',
    min: 10,
    max: 60_000,
    doc: 'How late the event loop must be for routes of priority normal to be refused in part (all of them at twice as much), or off; low from a third of it, high from three times, critical never.',
  }),
  gatewayAccessLog: text('GATEWAY_ACCESS_LOG', {
    default: '-',
    doc: 'Where the access log goes: - for standard error, off, or the path of a file.',
  }),
  gatewayIdentityEpoch: whole('GATEWAY_IDENTITY_EPOCH', {
    default: '1',
    min: 1,
    max: 1_000_000,
    doc: 'Raise it by one, in all gateways, to replace at once the keys that sign internal tokens; they turn by themselves once a week.',
  }),
  gatewayTransport: oneOf('GATEWAY_TRANSPORT', ['undici', 'lean'], {
    default: 'lean',
    doc: 'What speaks HTTP/1.1 to the services: the lean client of our own, or undici.',
  }),
  logLevel: oneOf('LOG_LEVEL', logLevels, { default: 'info', doc: 'The least level that is logged.' }),
  ...drainSettings,
  ...tracingSettings,
} as const;

type Read = Settings<typeof gatewaySettings>;
export type GatewayConfig = Omit<Read, 'entryPort' | 'authUrl' | 'publicUrl' | 'masterKey'> & {
  readonly authUrl: string;
  readonly publicUrl: string;
  readonly masterKey: Buffer;
  /** Set by the embedded run only: the same handler then listens there too, as for direct clients. */
  readonly entryPort: number | undefined;
  /** What `${NAME}` in gateway.yaml means. */
  readonly variables: Readonly<Record<string, string | undefined>>;
};

/**
 * Reads the settings.
 * @throws {SettingError} with one line that names the first missing or malformed one.
 */
export function readGatewayConfig(env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const read = readSettings(gatewaySettings, env);
  if (read.masterKey === undefined) {
    throw new SettingError('MASTER_KEY: is missing; give 32 random bytes, e.g. from: openssl rand -hex 32');
  }
  const authUrl = read.authUrl ?? `http://127.0.0.1:${read.authPort}`;
  return Object.freeze({
    ...read,
    authUrl,
    publicUrl: read.publicUrl ?? `http://localhost:${read.entryPort}`,
    masterKey: read.masterKey,
    entryPort: undefined,
    variables: { ...env, AUTH_URL: authUrl },
  });
}
