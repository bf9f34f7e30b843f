// Sends anchors to somebody else's machine, where whoever owns the database and this machine cannot take them back. One
// request at a time, a few attempts each; meanwhile only the newest anchor waits, for it holds all before it. The sealer
// never waits for any of it.

import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import type { Anchor } from './anchors.ts';

export type AnchorPost = {
  offer(anchor: Anchor): void;
  /** Gives what is on its way a moment, then gives it up. */
  close(): Promise<void>;
};

type Timing = { readonly timeoutMs: number; readonly pausesMs: readonly number[]; readonly closeMs: number };

const timing: Timing = { timeoutMs: 5000, pausesMs: [1000, 5000, 20_000], closeMs: 2000 };

/** `url` may hold a secret and is never told. */
export function openAnchorPost(
  url: string,
  log: Log,
  { timeoutMs, pausesMs, closeMs }: Timing = timing,
): AnchorPost {
  const closing = new AbortController();
  let waiting: Anchor | undefined;
  let sending: Promise<void> | undefined;

  async function send(anchor: Anchor): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(anchor),
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }

  async function sendPatiently(anchor: Anchor): Promise<void> {
    for (const pauseMs of [...pausesMs, undefined]) {
      try {
        await send(anchor);
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        const { message } = error as Error;
        if (pauseMs === undefined) {
          log.warn(
            { number: anchor.number, reason: message },
            'an anchor of the audit log could not be sent',
          );
          return;
        }
        await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
        // A newer one says more.
        if (waiting !== undefined) return;
      }
    }
  }

  async function run(): Promise<void> {
    for (let anchor = take(); anchor !== undefined && !closing.signal.aborted; anchor = take()) {
      await sendPatiently(anchor);
    }
    sending = undefined;
  }

  function take(): Anchor | undefined {
    const anchor = waiting;
    waiting = undefined;
    return anchor;
  }

  return {
    offer(anchor) {
      waiting = anchor;
      sending ??= run();
    },
    async close() {
      if (sending === undefined) return;
      const timer = setTimeout(() => closing.abort(), closeMs);
      await sending;
      clearTimeout(timer);
    },
  };
}
