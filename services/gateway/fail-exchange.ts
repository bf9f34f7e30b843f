// The one way a request is refused: a problem document while nothing has been answered yet, a destroyed
// connection after that, so that a cut answer shows.

import { refuse } from '@pi-gateway/http-front/refuse.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { toAppError } from '@pi-gateway/problem/encode-problem.ts';
import { TokenFault } from '@pi-gateway/problem/token-fault.ts';
import type { Exchange } from './exchange.ts';
import { refusedStatus } from './observe/proxy-status.ts';
import { corsFields, originOf } from './proxy/cors-fields.ts';
import { newRequestId } from './request-id.ts';

export function failExchange(x: Exchange, thrown: unknown, log: Log): void {
  const error = toAppError(thrown);
  if (x.requestId === '') x.requestId = newRequestId();
  x.reason ??= error.code;
  if (error.cause instanceof TokenFault) x.fault = error.cause;
  if (error.code === 'internal') {
    log.error({ err: error.cause, request_id: x.requestId }, 'a request failed for a reason of our own');
  }
  if (x.res.writableEnded) return;
  if (x.res.headersSent) x.req.socket.destroy();
  else refuse(x.req, x.res, error, x.requestId, addedFields(x));
}

/** What an answer carries whatever its code: a page of another site may read the refusal too. */
function addedFields(x: Exchange): Record<string, string> {
  const cors = x.route?.cors;
  const status = x.label === undefined ? refusedStatus(x.reason!) : undefined;
  return {
    ...(cors === undefined ? {} : corsFields(cors, originOf(x))),
    // At its own endpoints the gateway is the origin, which says nothing of the kind (RFC 9209 section 2).
    ...(status === undefined ? {} : { 'proxy-status': status }),
  };
}
