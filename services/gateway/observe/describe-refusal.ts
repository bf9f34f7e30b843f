// What an event tells of a request that the gateway refused. Never a token, a path or a query: the route is the file's
// own, and the caller is whom his token has shown.

import { readUserAgent } from '@pi-gateway/client-address/user-agent.ts';
import {
  type ReportedReason,
  type ReportedRefusal,
  reportedReasons,
} from '@pi-gateway/gateway-link/refusal-report.ts';
import type { Exchange } from '../exchange.ts';
import { routeMethods } from '../routing/route.ts';

const reasons = new Set<string | undefined>(reportedReasons);
const methods = new Set<string>(routeMethods);

/** Undefined when it was not refused, or for what no event is made of. `atMs`: since the epoch. */
export function describeRefusal(x: Exchange, atMs: number): ReportedRefusal | undefined {
  if (!reasons.has(x.reason)) return undefined;
  return {
    reason: x.reason as ReportedReason,
    refused_at: new Date(atMs).toISOString(),
    request_id: x.requestId,
    ip: x.clientAddress,
    user_agent: readUserAgent(x.req.headers['user-agent']),
    method: methods.has(x.method) ? x.method : 'other',
    route: x.route?.label ?? null,
    ...callerOf(x),
  };
}

function callerOf({ principal, fault }: Exchange): Partial<ReportedRefusal> {
  if (fault !== undefined) {
    const { holder } = fault;
    return {
      fault: fault.fault,
      ...(holder === undefined ? {} : { user_id: holder.userId, session_id: holder.sessionId }),
    };
  }
  if (principal === undefined) return {};
  if (principal.kind === 'foreign') return { issuer: principal.issuer, subject: principal.id };
  const { sub, sid, roles } = principal.claims;
  return { user_id: sub, session_id: sid, role: roles[0] };
}
