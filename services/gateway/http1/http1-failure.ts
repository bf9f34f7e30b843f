// What went wrong with a request, in the words of the one place that judges failures (../proxy/upstream-error.ts).

import type { Reason } from '../observe/proxy-status.ts';
import { answerReason, connectReason } from '../proxy/failure-reason.ts';
import type { UpstreamFailure } from '../proxy/upstream-error.ts';
import type { AnswerFault } from './answer-fault.ts';

function failure(code: UpstreamFailure['code'], reason: Reason, reached = true): UpstreamFailure {
  return { code, reason, reached, diedSilent: false, diedIdle: false };
}

/** The connection could not be opened, for `code`. */
export function unconnected(code: string): UpstreamFailure {
  return failure('upstream_unreachable', connectReason(code), false);
}

/** There was no connection to take it. */
export function unsent(reason: 'too_many_waiting' | 'client_closed' | 'connect_timeout'): UpstreamFailure {
  return failure('upstream_unreachable', reason, false);
}

export function timedOut(reason: 'headers_timeout' | 'idle_timeout'): UpstreamFailure {
  return failure('upstream_timeout', reason);
}

export function invalid(
  reason: AnswerFault | 'body_failed' | 'sink_failed' | 'client_closed',
): UpstreamFailure {
  return failure('upstream_invalid', reason);
}

/** How far the answer of a connection that ended had come. */
export type Progress = { readonly isAnswered: boolean; readonly hasServed: boolean };

/** The connection ended in front of the answer's last byte, for `code`; an orderly end is `ECONNRESET` too. */
export function cutOff(code: string, { isAnswered, hasServed }: Progress): UpstreamFailure {
  const isClosed = code === 'ECONNRESET' || code === 'EPIPE';
  if (isAnswered || !isClosed) return failure('upstream_invalid', answerReason(code));
  const silent = failure('upstream_invalid', 'closed_without_answer');
  return { ...silent, diedSilent: true, diedIdle: hasServed };
}
