// Runs load-generator.ts and gives its report.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Target } from './http-client.ts';

export type LoadOrder = {
  readonly target: Target;
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
} & (
  | { readonly kind: 'get'; readonly token: string }
  /** Wrong passwords, each for another unknown user, in turn from so many networks. */
  | { readonly kind: 'login'; readonly networks: number }
);

export type AnswerTimes = {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export type LoadReport = {
  readonly sent: number;
  readonly perSecond: number;
  /** Requests without an answer. */
  readonly failed: number;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerTimes>>;
  /** 429 and 503 together. */
  readonly surplus: AnswerTimes;
};

const program = fileURLToPath(new URL('load-generator.ts', import.meta.url));

// For a generator to be there: a new process takes a processor for itself for a moment, and is no part of the load.
const startMs = 1500;

/**
 * Those that are called at the same time begin at the same time.
 * @throws {Error} when the generator ends without a report.
 */
export async function runLoad(order: LoadOrder): Promise<LoadReport> {
  const child = fork(program, [JSON.stringify(order), String(Date.now() + startMs)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load generator ended with ${String(code)}`);
  });
  const [report] = (await Promise.race([once(child, 'message'), ended])) as [LoadReport];
  ended.catch(() => undefined);
  return report;
}
