// What changes under load must not be noticed by requests: gateway.yaml, once a second, with routes that come and go,
// services that change under their requests and files that are refused; and targets that are killed and come back.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '@pi-gateway/gateway/routing/load-config.ts';
import { type LoadResult, runLeanLoad } from './lean-load.ts';
import { openSockets } from './open-sockets.ts';
import { readMetrics } from './read-metrics.ts';
import { type Gateways, startGateways } from './start-gateways.ts';

export type ReloadOptions = {
  readonly seconds: number;
  readonly perSecond: number;
  readonly sockets: number;
  readonly reloadEveryMs: number;
};

/** Every request of the load and every WebSocket has its route in each of these files. */
function fileOf(origins: readonly string[], version: number): string {
  const [origin] = origins;
  // Every third file changes the very service that the load goes to, so that it is exchanged under its requests.
  const pending = 5000 + Math.floor(version / 3);
  const more = Array.from(
    { length: version % 5 },
    (_, i) => `  - { path: "/more-${i}/{id}", service: up }\n`,
  ).join('');
  return `# version ${version}
services:
  up: { targets: ["${origin}"], max_pending: ${pending} }
  live: { targets: ["${origin}"] }
routes:
  - { path: /up/*, service: up }
  - { host: load.test, path: /up/named/*, service: up, rewrite: /version-${version}/* }
  - { path: /live/*, service: live }
${more}`;
}

const refusedFile = 'services: {}\nroutes:\n  - { pth: /up/*, service: up }\n';
const paths = ['/up/a', '/up/named/b', '/up/c?d=e', '/up/'];

/** What failed and what was dropped; asserts that every worker is on the last file at the end. */
export async function proveReloadUnnoticed(options: ReloadOptions) {
  const { seconds, perSecond, reloadEveryMs } = options;
  const gateways = await startGateways((origins) => fileOf(origins, 0), { workers: 2, services: 1 });
  try {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => gateways.auth.token({ lifeSeconds: 3600 })),
    );
    const sockets = await openSockets(options.sockets, gateways.port, '/live/x', tokens[0]!);
    const load = runLeanLoad({ port: gateways.port, paths, tokens, perSecond, seconds });
    const reloading = reloadUntil(gateways, load, reloadEveryMs);
    const [result, { files, refused }] = [await load, await reloading];
    const dropped = await sockets.countDropped();
    sockets.close();
    await assertAllOn(gateways, fileOf(originsOf(gateways), files));
    return { ...result, sockets: options.sockets, dropped, files, refused };
  } finally {
    await gateways.close();
  }
}

const originsOf = (gateways: Gateways) => gateways.services.map(({ origin }) => origin);

/** Every seventh file is one that is refused. */
async function reloadUntil(gateways: Gateways, load: Promise<LoadResult>, everyMs: number) {
  const origins = originsOf(gateways);
  const ended = endOf(load);
  let [version, refused] = [0, 0];
  for (;;) {
    if (await Promise.race([ended, delay(everyMs, false)])) break;
    if ((version + refused) % 7 === 6) {
      gateways.replaceFile(refusedFile);
      refused += 1;
    } else {
      version += 1;
      gateways.replaceFile(fileOf(origins, version));
    }
  }
  // The last one is sound, whatever the time allowed.
  version += 1;
  gateways.replaceFile(fileOf(origins, version));
  return { files: version, refused };
}

/** Waits until every worker says by its metrics that it runs this file. */
async function assertAllOn(gateways: Gateways, text: string): Promise<void> {
  const loaded = loadConfig(text, {});
  assert.ok(loaded.kind === 'config');
  const inForce = `pi_gateway_config_info{hash="${loaded.config.hash.slice(0, 12)}"}`;
  for (const { metricsUrl } of gateways.workers) {
    const endMs = Date.now() + 15_000;
    while (!(await (await fetch(metricsUrl)).text()).includes(inForce)) {
      assert.ok(Date.now() < endMs, 'a worker does not run the last file');
      await delay(50);
    }
    assert.deepEqual(await readMetrics(metricsUrl, ['pi_gateway_config_refused']), [0]);
  }
}

export type KillOptions = {
  readonly seconds: number;
  readonly perSecond: number;
  readonly killEveryMs: number;
};

/** Of two targets one is always there; the other is killed and comes back, in turns. */
export async function proveKilledTargetsUnnoticed({ seconds, perSecond, killEveryMs }: KillOptions) {
  const yaml = (origins: readonly string[]) =>
    // A machine that is busy with other things may take longer than the second that is usual.
    `services: { up: { targets: [${origins.map((origin) => `"${origin}"`).join(', ')}], timeouts: { connect_ms: 10000 } } }
routes:
  - { path: /up/*, service: up }
`;
  const gateways = await startGateways(yaml, { workers: 2, services: 2 });
  try {
    const tokens = [await gateways.auth.token({ lifeSeconds: 3600 })];
    const load = runLeanLoad({ port: gateways.port, paths: ['/up/x'], tokens, perSecond, seconds });
    const ended = endOf(load);
    let kills = 0;
    while (!(await Promise.race([ended, delay(killEveryMs, false)]))) {
      const target = gateways.services[kills % 2]!;
      await target.stop('SIGKILL');
      kills += 1;
      if (await Promise.race([ended, delay(killEveryMs / 2, false)])) break;
      await target.start();
    }
    const result = await load;
    return { ...result, reasons: await readReasons(gateways), kills };
  } finally {
    await gateways.close();
  }
}

/** Why the gateways refused what they refused, with the number of it. */
async function readReasons({ workers }: Gateways): Promise<Record<string, number>> {
  const reasons: Record<string, number> = {};
  for (const { metricsUrl } of workers) {
    const text = await (await fetch(metricsUrl)).text();
    for (const [, reason = '', count] of text.matchAll(
      /^pi_gateway_requests_total\{route="\/up.*reason="(\w+)"\} (\d+)$/gm,
    )) {
      reasons[reason] = (reasons[reason] ?? 0) + Number(count);
    }
  }
  return reasons;
}

function endOf(load: Promise<LoadResult>): Promise<true> {
  return load.then(
    () => true,
    () => true,
  );
}
