// assign: the request's place in its trace (W3C Trace Context). A trace goes on only for trusted peers: anybody else
// could tie his requests to another's. Else it is begun, unsampled while the gateway records no spans, for the flag
// says that the sender may have recorded his.

import { randomBytes } from 'node:crypto';
import { readTraceContext, writeTraceparent } from '@pi-gateway/trace-context/trace-context.ts';
import type { Tracing } from '@pi-gateway/trace-context/tracing.ts';
import type { Exchange } from '../exchange.ts';

export type TraceDeps = {
  /** Undefined: no spans are recorded. */
  readonly tracing: Tracing | undefined;
};

export function assignTrace(x: Exchange, { tracing }: TraceDeps): void {
  const claimed = x.isTrustedPeer ? x.claimed : undefined;
  const parent =
    claimed === undefined ? undefined : readTraceContext(claimed.traceparent, claimed.tracestate);
  x.tracestate = parent?.tracestate;
  if (tracing !== undefined) {
    x.span = tracing.beginRequest({ method: x.req.method!, parent, startedMs: x.startedMs });
    x.traceparent = writeTraceparent(x.span.context);
  } else if (parent !== undefined) x.traceparent = writeTraceparent(parent);
  else x.traceparent = beginTrace();
}

// Drawn and written out in bulk: a call into the system's generator for each request costs more than all of this step.
const tracesDrawn = 256;
const traceIdDigits = 32;
const traceDigits = traceIdDigits + 16;
let digits = '';
let used = tracesDrawn;

/** A trace of its own, unsampled. */
function beginTrace(): string {
  if (used === tracesDrawn) {
    digits = randomBytes((tracesDrawn * traceDigits) / 2).toString('hex');
    used = 0;
  }
  const at = used++ * traceDigits;
  const spanAt = at + traceIdDigits;
  return `00-${digits.slice(at, spanAt)}-${digits.slice(spanAt, at + traceDigits)}-00`;
}
