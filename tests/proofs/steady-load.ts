// So many requests a second with good tokens, each sent when its time has come whatever became of those before
// (an open loop: a slow answer does not make the load smaller).

import { send, type Target } from './http-client.ts';

export type Load = {
  /** Replaces the tokens in use. */
  use(tokens: readonly string[]): void;
  /** Ends it; `refused`: answers other than 200, and requests without an answer. */
  stop(): Promise<{ readonly sent: number; readonly perSecond: number; readonly refused: number }>;
};

const tickMs = 10;

export function openLoad(
  targets: readonly Target[],
  firstTokens: readonly string[],
  perSecond: number,
): Load {
  let tokens = firstTokens;
  let sent = 0;
  let refused = 0;
  const underWay = new Set<Promise<void>>();
  const startMs = performance.now();

  function sendOne(): void {
    const target = targets[sent % targets.length]!;
    const token = tokens[sent % tokens.length]!;
    sent += 1;
    const asked = judge(target, token).finally(() => underWay.delete(asked));
    underWay.add(asked);
  }

  async function judge(target: Target, token: string): Promise<void> {
    const status = await send(target, { path: '/up/load', token }).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status !== 200) refused += 1;
  }

  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000) * perSecond;
    while (sent < due) sendOne();
  }, tickMs);

  return {
    use(next) {
      tokens = next;
    },
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - startMs) / 1000;
      await Promise.all(underWay);
      return { sent, perSecond: sent / seconds, refused };
    },
  };
}
