// How long a token lives on after the answer to its logout. Every worker of every gateway is asked with the token
// again and again, each request as soon as the one before is answered, while other traffic goes on; counted is the
// time from the logout's answer to the answer of the last request that was sent after it and still let through:
// an upper bound of the truth. On the worker that carried the logout there must be no such request at all.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { send, type Tokens } from './http-client.ts';
import { percentile } from './percentile.ts';
import type { Service } from './spawn-service.ts';
import type { System } from './start-system.ts';
import { openLoad } from './steady-load.ts';

export type ReachOptions = {
  readonly logouts: number;
  /** How many run side by side. */
  readonly atOnce: number;
  /** Of other users' requests. */
  readonly loadPerSecond: number;
  /** Between two requests of one probe. */
  readonly probeEveryMs: number;
  /** A worker that lets a token through for so long after its logout has failed. */
  readonly boundMs: number;
};

export async function measureReach(system: System, options: ReachOptions) {
  const workers = system.gateways.flatMap((gateway) => gateway.workers);
  const user = await system.register();
  const load = openLoad(
    system.gateways.map(({ target }) => target),
    [(await system.login(user.email)).access_token],
    options.loadPerSecond,
  );
  const others: number[] = [];
  const carriers: number[] = [];
  let left = options.logouts;

  async function logOutInTurn(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const carrier = workers[left % workers.length]!;
      const reached = await logOutOnce(await system.login(user.email), carrier, workers, options);
      for (const [worker, ms] of reached) (worker === carrier ? carriers : others).push(ms);
    }
  }

  await Promise.all(Array.from({ length: options.atOnce }, logOutInTurn));
  const { perSecond, refused } = await load.stop();
  assert.equal(refused, 0, 'the other traffic is not disturbed');
  const figure = (samples: readonly number[]) => ({
    samples: samples.length,
    medianMs: percentile(samples, 0.5),
    p99Ms: percentile(samples, 0.99),
    maxMs: percentile(samples, 1),
  });
  return {
    logouts: options.logouts,
    otherRequestsPerSecond: perSecond,
    carrier: figure(carriers),
    otherWorkers: figure(others),
  };
}

/** For each worker, how long it let the token through after the logout's answer; 0: not once. */
async function logOutOnce(
  { access_token: token, refresh_token }: Tokens,
  carrier: Service,
  workers: readonly Service[],
  { probeEveryMs, boundMs }: ReachOptions,
): Promise<Map<Service, number>> {
  let answeredMs = Number.POSITIVE_INFINITY;

  async function probe({ target }: Service, onAccepted: () => void): Promise<number> {
    let lastMs = 0;
    let wasAccepted = false;
    for (;;) {
      const answer = await send(target, { path: '/up/probe', token });
      if (answer.status === 401) break;
      assert.equal(answer.status, 200);
      wasAccepted = true;
      onAccepted();
      if (answer.sentMs >= answeredMs) lastMs = answer.answeredMs - answeredMs;
      assert.ok(lastMs < boundMs, `let through ${lastMs.toFixed(0)} ms after the logout`);
      await delay(probeEveryMs);
    }
    assert.ok(wasAccepted, 'the token was good before');
    return lastMs;
  }

  const accepted = workers.map(() => Promise.withResolvers<void>());
  const probes = workers.map(
    async (worker, index) => [worker, await probe(worker, accepted[index]!.resolve)] as const,
  );
  // A probe that fails ends the wait as well.
  await Promise.race([Promise.all(accepted.map(({ promise }) => promise)), Promise.all(probes)]);
  const logout = await send(carrier.target, {
    method: 'POST',
    path: '/api/auth/logout',
    body: { refresh_token },
  });
  ({ answeredMs } = logout);
  assert.equal(logout.status, 204);
  return new Map(await Promise.all(probes));
}
