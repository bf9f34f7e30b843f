// The proofs of docs/explanation/login-under-attack.md that take long: a flood of logins on parts that are processes
// of their own, and on the embedded run, where auth and gateway share one event loop.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/free-port.ts';
import { choosePlace, startSystem as startLauncher } from '../journeys/spawn-system.ts';
import { send } from './http-client.ts';
import { type FloodedSystem, type FloodOptions, measureLoginFlood } from './login-flood.ts';
import { judge, type Outcome, type Proof } from './proof.ts';
import { startSystem } from './start-system.ts';

const flood: Omit<FloodOptions, 'networks'> = {
  loginsPerSecond: 500,
  // Three times as long as promised: V8 collects what lives long about once a minute, and memory between two such
  // collections rises although it does not grow.
  seconds: 180,
  asksPerSecond: 50,
  quietSeconds: 30,
  settleSeconds: 10,
};
// Each sends three logins a minute: no limit of a network holds them.
const manyNetworks = 10_000;
const results = 'login-under-attack.json';
const settings = {
  TRUSTED_PROXIES: '127.0.0.1',
  RATE_LIMIT_LOGIN_PER_IP: '30/60',
  RATE_LIMIT_LOGIN_PER_ACCOUNT: '10/600',
};

/** Auth, gateway, Redis and PostgreSQL as processes of their own. */
export async function onParts<T>(work: (system: FloodedSystem) => Promise<T>): Promise<T> {
  const system = await startSystem({ auths: 1, gateways: 1, workers: 1, redis: true, env: settings });
  try {
    const { email } = await system.register();
    const { access_token: token } = await system.login(email);
    const [auth] = system.auths;
    const [gateway] = system.gateways;
    const services = [auth!, ...gateway!.workers];
    return await work({
      entry: gateway!.target,
      token,
      authMetricsUrl: auth!.metricsUrl,
      pids: services.map(({ pid }) => pid()),
    });
  } finally {
    await system.close();
  }
}

/** `npm start`. */
async function onEmbedded<T>(work: (system: FloodedSystem) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pi-flood-'));
  const metricsPort = String(await freePort());
  const place = await choosePlace(dataDir, { ...settings, AUTH_METRICS_PORT: metricsPort });
  const system = await startLauncher('embedded', place);
  try {
    const entry = { host: '127.0.0.1', port: Number(new URL(place.entryUrl).port) };
    const body = system.admin;
    const answer = await send(entry, { method: 'POST', path: '/api/auth/login', body });
    return await work({
      entry,
      token: String(answer.body['access_token']),
      authMetricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      pids: [system.child.pid!],
    });
  } finally {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function judgeFlood(system: FloodedSystem, networks: number): Promise<Outcome> {
  const figures = await measureLoginFlood(system, { ...flood, networks });
  return judge(figures, [
    [figures.loginsPerSecond >= 0.99 * flood.loginsPerSecond, `${flood.loginsPerSecond} logins a second`],
    [figures.notAnswered === 0, 'every login answered, with 401, 429 or 503'],
    [figures.hashesInFlightMax <= figures.hashesInFlightAllowed, 'hashes in flight never above the cap'],
    [figures.surplus.p99Ms <= 100, 'the surplus answered within 100 ms, p99'],
    [figures.surplus.maxMs <= 100, 'the surplus answered within 100 ms, each'],
    [figures.memoryMbPerMinute <= 10, 'memory flat: at most 10 MB a minute after the first ten seconds'],
    [figures.asksNotAnswered200 === 0, 'every GET /api/auth/me answered 200'],
    [figures.askedP99Ratio <= 2, 'GET /api/auth/me: p99 at most twice its value in quiet'],
  ]);
}

export const loginProofs: readonly Proof[] = [
  {
    name: 'login-flood-on-parts',
    results,
    run: () => onParts((system) => judgeFlood(system, manyNetworks)),
  },
  {
    name: 'login-flood-embedded',
    results,
    run: () => onEmbedded((system) => judgeFlood(system, manyNetworks)),
  },
  {
    name: 'login-flood-from-one-network',
    results,
    run: () => onParts((system) => judgeFlood(system, 1)),
  },
];
