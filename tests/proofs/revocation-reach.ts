// How long a token lives on after the answer to its logout, on every worker of every gateway, while other traffic
// goes on. On the worker that carried the logout there must be no request that is still let through.

import assert from 'node:assert/strict';
import { send } from './http-client.ts';
import { outlive } from './outlive.ts';
import { summarize } from './percentile.ts';
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
      const { access_token, refresh_token } = await system.login(user.email);
      const probes = workers.map(({ target }) => ({ target, path: '/up/probe' }));
      const reached = await outlive(access_token, probes, options, async () => {
        const logout = { method: 'POST', path: '/api/auth/logout', body: { refresh_token } };
        const { status, answeredMs } = await send(carrier.target, logout);
        assert.equal(status, 204);
        return answeredMs;
      });
      for (const [index, ms] of reached.entries()) {
        (workers[index] === carrier ? carriers : others).push(ms);
      }
    }
  }

  await Promise.all(Array.from({ length: options.atOnce }, logOutInTurn));
  const { perSecond, refused } = await load.stop();
  assert.equal(refused, 0, 'the other traffic is not disturbed');
  return {
    logouts: options.logouts,
    otherRequestsPerSecond: perSecond,
    carrier: summarize(carriers),
    otherWorkers: summarize(others),
  };
}
