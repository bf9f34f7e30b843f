// How a stream that brought no whole answer is judged, in the words of ../proxy/upstream-error.ts. HTTP/2 tells what
// HTTP/1.1 cannot: that a request was not looked at, by REFUSED_STREAM or by a GOAWAY that names an earlier one (RFC 9113
// section 8.7). Such a one reached nobody and may go elsewhere, whatever its method.

import { constants } from 'node:http2';
import type { Reason } from '../observe/proxy-status.ts';
import type { UpstreamFailure } from '../proxy/upstream-error.ts';

export type StreamEnd = {
  /** RST_STREAM's code, sent or received; 0 when the connection ended. */
  readonly code: number;
  /** The service has said that it did not look at it. */
  readonly isRefused: boolean;
  readonly hasHead: boolean;
  /** The whole connection is gone. */
  readonly isConnectionLost: boolean;
  /** The connection had brought an answer before. */
  readonly hasServed: boolean;
};

const reasons = new Map<number, Reason>([
  [constants.NGHTTP2_PROTOCOL_ERROR, 'invalid_answer'],
  [constants.NGHTTP2_FLOW_CONTROL_ERROR, 'invalid_answer'],
  [constants.NGHTTP2_FRAME_SIZE_ERROR, 'invalid_answer'],
  [constants.NGHTTP2_COMPRESSION_ERROR, 'invalid_answer'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, 'head_too_large'],
]);

export function readStreamEnd(end: StreamEnd): UpstreamFailure {
  const { code, isRefused, hasHead, isConnectionLost, hasServed } = end;
  if (!hasHead && isRefused) return failure('upstream_unreachable', 'stream_refused', { reached: false });
  const known = reasons.get(code);
  if (known !== undefined && !(hasHead && isConnectionLost)) return failure('upstream_invalid', known);
  if (hasHead) return failure('upstream_invalid', 'answer_cut');
  if (!isConnectionLost) return failure('upstream_invalid', 'stream_reset');
  return failure('upstream_invalid', 'closed_without_answer', { diedSilent: true, diedIdle: hasServed });
}

function failure(
  code: UpstreamFailure['code'],
  reason: Reason,
  more: Partial<UpstreamFailure> = {},
): UpstreamFailure {
  return { code, reason, reached: true, diedSilent: false, diedIdle: false, ...more };
}
