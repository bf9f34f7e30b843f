// How long a token outlives its end. Every place is asked with it again and again, each request a moment after the
// one before is answered; counted is the time from the end to the answer of the last request that was sent after it
// and still let through: an upper bound of the truth.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { send, type Target } from './http-client.ts';

export type Probe = { readonly target: Target; readonly path: string };

export type OutliveOptions = {
  /** Between two requests of one probe. */
  readonly probeEveryMs: number;
  /** A place that lets a token through for so long after its end has failed. */
  readonly boundMs: number;
};

/** `end` gives the instant, by `performance.now()`. For each probe, in order, the milliseconds; 0: not one request. */
export async function outlive(
  token: string,
  probes: readonly Probe[],
  { probeEveryMs, boundMs }: OutliveOptions,
  end: () => Promise<number>,
): Promise<number[]> {
  let endedMs = Number.POSITIVE_INFINITY;

  async function ask({ target, path }: Probe, onAccepted: () => void): Promise<number> {
    let lastMs = 0;
    let wasAccepted = false;
    for (;;) {
      const answer = await send(target, { path, token });
      if (answer.status === 401) break;
      assert.equal(answer.status, 200);
      wasAccepted = true;
      onAccepted();
      if (answer.sentMs >= endedMs) lastMs = answer.answeredMs - endedMs;
      assert.ok(lastMs < boundMs, `let through ${lastMs.toFixed(0)} ms after its end`);
      await delay(probeEveryMs);
    }
    assert.ok(wasAccepted, 'the token was good before');
    return lastMs;
  }

  const accepted = probes.map(() => Promise.withResolvers<void>());
  const asked = Promise.all(probes.map((probe, index) => ask(probe, accepted[index]!.resolve)));
  // A probe that fails ends the wait as well.
  await Promise.race([Promise.all(accepted.map(({ promise }) => promise)), asked]);
  endedMs = await end();
  return asked;
}
