// So many requests a second with good tokens, each sent when its time has come whatever became of those before
// (an open loop: a slow answer does not make the load smaller).

import { send, type Target } from './http-client.ts';

export type Load = {
  /** Ends it; `refused`: answers other than 200, and requests without an answer. */
  stop(): Promise<{ readonly sent: number; readonly perSecond: number; readonly refused: number }>;
};

const tickMs = 10;

/** `tokens` are taken in turn; whoever gave the array may exchange what is in it. */
export function openLoad(targets: readonly Target[], tokens: readonly string[], perSecond: number): Load {
  let sent = 0;
  let refused = 0;
  const underWay = new Set<Promise<boolean>>();
  const startMs = performance.now();

  function sendOne(): void {
    const target = targets[sent % targets.length]!;
    const token = tokens[sent % tokens.length]!;
    sent += 1;
    const asked: Promise<boolean> = isAnswered200(target, token).then((isGood) => {
      refused += isGood ? 0 : 1;
      return underWay.delete(asked);
    });
    underWay.add(asked);
  }

  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000) * perSecond;
    while (sent < due) sendOne();
  }, tickMs);

  return {
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - startMs) / 1000;
      await Promise.all(underWay);
      return { sent, perSecond: sent / seconds, refused };
    },
  };
}

function isAnswered200(target: Target, token: string): Promise<boolean> {
  return send(target, { path: '/up/load', token }).then(
    ({ status }) => status === 200,
    () => false,
  );
}
