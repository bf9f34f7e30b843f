// Who sent a request. Forwarding headers count only from our own gateway, which proves itself, and from
// TRUSTED_PROXIES; identity headers (x-user-…) never: auth reads the bearer token itself.

import type { IncomingMessage } from 'node:http';
import { canonicalAddress, networkOf } from '@pi-gateway/client-address/canonical-address.ts';
import { clientAddress } from '@pi-gateway/client-address/client-address.ts';
import { isTrusted, type TrustedProxies } from '@pi-gateway/client-address/trusted-proxies.ts';
import { readUserAgent } from '@pi-gateway/client-address/user-agent.ts';
import { forwardProofHeader, isProof } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { readTraceContext, type TraceContext } from '@pi-gateway/trace-context/trace-context.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { AuditOrigin } from '../audit/audit-event.ts';

export type Caller = {
  /** Canonical address of the client. */
  readonly ip: string;
  /** What limits count by. */
  readonly network: string;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** The request came through our own gateway, which wants to hear of revocations on the answer. */
  readonly isFromGateway: boolean;
  /** The trace that the gateway, or a trusted proxy, has put the request into. */
  readonly trace: TraceContext | undefined;
};

const requestIdForm = /^[A-Za-z0-9-]{8,64}$/;

/** The id of the answer: the gateway's own, else a new one. */
export function requestIdOf(req: IncomingMessage, forwardProof: string): string {
  const given = req.headers['x-request-id'];
  const isOurs = isProof(forwardProof, req.headers[forwardProofHeader]);
  if (isOurs && typeof given === 'string' && requestIdForm.test(given)) return given;
  return uuidV7(Date.now() * 1000);
}

export function readCaller(
  req: IncomingMessage,
  requestId: string,
  options: { readonly forwardProof: string; readonly trusted: TrustedProxies },
): Caller {
  const isFromGateway = isProof(options.forwardProof, req.headers[forwardProofHeader]);
  const peer = req.socket.remoteAddress ?? '';
  const forwarded = req.headers['x-forwarded-for'];
  const forwardedFor = typeof forwarded === 'string' ? forwarded : undefined;
  const ip = isFromGateway
    ? (canonicalAddress(forwardedFor ?? '') ?? canonicalAddress(peer) ?? peer)
    : clientAddress(peer, forwardedFor, options.trusted);
  const isBelieved = isFromGateway || isTrusted(canonicalAddress(peer) ?? '', options.trusted);
  const { traceparent, tracestate } = req.headers;
  const trace = isBelieved ? readTraceContext(textOf(traceparent), textOf(tracestate)) : undefined;
  return {
    ip,
    network: networkOf(ip),
    userAgent: readUserAgent(req.headers['user-agent']),
    requestId,
    isFromGateway,
    trace,
  };
}

/** Several lines are one list (RFC 9110 section 5.3). */
function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

/** The caller as an audit event tells it. */
export function auditOrigin({ ip, userAgent, requestId }: Caller): AuditOrigin {
  return { ip, userAgent, requestId };
}
