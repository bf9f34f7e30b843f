// What the users of a run were answered, for a question afterwards: how many in a span of time, with which status, how
// late.

import type { Answer } from '../proofs/http-client.ts';
import { summarize } from '../proofs/percentile.ts';

/** `read`: a request with a token to a service; `write`: whatever changes something at auth. */
export type Kind = 'read' | 'write';

type Answered = {
  readonly kind: Kind;
  /** 0: none came. */
  readonly status: number;
  readonly code: string | undefined;
  readonly hasRetryAfter: boolean;
  readonly sentMs: number;
  readonly tookMs: number;
};

export type Tally = {
  readonly count: number;
  /** By status and code: `200`, `503 unavailable`; `none`: no answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** 503s that name no time to come again. */
  readonly withoutRetryAfter: number;
  readonly ms: ReturnType<typeof summarize>;
};

export class Answers {
  readonly #all: Answered[] = [];

  note(kind: Kind, sentMs: number, answer: Answer | undefined): void {
    const code = answer?.body['code'];
    this.#all.push({
      kind,
      status: answer?.status ?? 0,
      code: typeof code === 'string' ? code : undefined,
      hasRetryAfter: answer?.headers['retry-after'] !== undefined,
      sentMs,
      tookMs: performance.now() - sentMs,
    });
  }

  /** Of the requests that were sent in a span of `performance.now()`. */
  tally(kind: Kind, fromMs = 0, toMs = Number.POSITIVE_INFINITY): Tally {
    const chosen = this.#all.filter((one) => one.kind === kind && one.sentMs >= fromMs && one.sentMs < toMs);
    const answers: Record<string, number> = {};
    for (const { status, code } of chosen) {
      const name = status === 0 ? 'none' : [status, code].filter((part) => part !== undefined).join(' ');
      answers[name] = (answers[name] ?? 0) + 1;
    }
    return {
      count: chosen.length,
      answers,
      withoutRetryAfter: chosen.filter(({ status, hasRetryAfter }) => status === 503 && !hasRetryAfter)
        .length,
      ms: summarize(chosen.map(({ tookMs }) => tookMs)),
    };
  }
}
