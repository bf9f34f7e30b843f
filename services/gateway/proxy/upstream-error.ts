// The one place that turns what went wrong on the way to a service into a public code, and the one that
// decides whether the request may be tried again.
//
// `upstream_unreachable` means that the service surely saw nothing of the request; whatever went wrong
// after a byte may have reached it is `upstream_invalid` (it gave no proper answer) or `upstream_timeout`.

import type { Reason } from '../observe/proxy-status.ts';
import { answerReason, connectReason } from './failure-reason.ts';

export type UpstreamFailure = {
  readonly code: 'upstream_unreachable' | 'upstream_invalid' | 'upstream_timeout';
  /** For log and metrics: what exactly happened, from a closed set (see failure-reason.ts). */
  readonly reason: Reason;
  /** False: no byte of the request has left. */
  readonly reached: boolean;
  /** The connection ended without a byte of an answer. */
  readonly diedSilent: boolean;
  /** The same of a connection that had served before. */
  readonly diedIdle: boolean;
};

/** How far the exchange had come when the error came. */
export type Progress = {
  /** The request was handed to a connection. */
  readonly started: boolean;
  /** A byte of the answer was there. */
  readonly answered: boolean;
  readonly head: boolean;
};

const timeouts: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const resets: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', connectionReset()]);

/** The code that a reset carries once the transport has looked at it (see undici-transport.ts). */
export function connectionReset(): string {
  return 'UPSTREAM_RESET';
}

export function readFailure(error: unknown, progress: Progress): UpstreamFailure {
  const { code = '', bytesRead } = describe(error);
  if (!progress.started) {
    return failure('upstream_unreachable', connectReason(code), { reached: false });
  }
  if (timeouts.has(code)) {
    return failure('upstream_timeout', progress.head ? 'idle_timeout' : 'headers_timeout');
  }
  const diedSilent = resets.has(code) && !progress.answered;
  const reason = diedSilent ? 'closed_without_answer' : answerReason(code);
  return failure('upstream_invalid', reason, { diedSilent, diedIdle: diedSilent && bytesRead > 0 });
}

function failure(
  code: UpstreamFailure['code'],
  reason: Reason,
  more: Partial<UpstreamFailure> = {},
): UpstreamFailure {
  return { code, reason, reached: true, diedSilent: false, diedIdle: false, ...more };
}

/** `total_ms` is over. */
export const totalTimeout: UpstreamFailure = failure('upstream_timeout', 'total_timeout');

// RFC 9110 section 9.2.2: these may be sent twice without another effect than once.
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** What a retry is decided by. */
export type SentRequest = {
  readonly method: string;
  readonly hasBody: boolean;
  /** There is another target to go to. */
  readonly hasOther: boolean;
};

/**
 * A request may go out again only when the first one provably reached nobody, or when it is idempotent, has no
 * body, and its connection died before the first byte of an answer: an old one, which the service had closed, most
 * likely, before the request came; or any, when another target can take it (this one was killed, most likely). A
 * request that kills whoever gets it is then seen twice and no more often. An answer, whatever it says (a 503 too),
 * is never a reason.
 */
export function mayRetry(failure: UpstreamFailure, { method, hasBody, hasOther }: SentRequest): boolean {
  if (!failure.reached) return true;
  const isOver = failure.diedIdle || (failure.diedSilent && hasOther);
  return isOver && !hasBody && idempotent.has(method);
}

function describe(error: unknown): { code: string | undefined; bytesRead: number } {
  if (typeof error !== 'object' || error === null) return { code: undefined, bytesRead: 0 };
  const { code, socket } = error as { code?: unknown; socket?: { bytesRead?: unknown } };
  const bytesRead = typeof socket?.bytesRead === 'number' ? socket.bytesRead : 0;
  return { code: typeof code === 'string' ? code : undefined, bytesRead };
}
