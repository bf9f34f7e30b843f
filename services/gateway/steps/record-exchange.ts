// record: runs once for every request, whatever became of it, after the last byte or the loss of the
// connection. At once, not in batches: what is kept for later outlives the young generation and is copied by every
// collection, which cost more than the line itself, and a batch holds up the requests that come meanwhile. Only auth
// is told of refusals in batches.

import type { Exchange } from '../exchange.ts';
import type { AccessLog } from '../observe/access-log.ts';
import { describeRefusal } from '../observe/describe-refusal.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { RefusalReporter } from '../observe/refusal-reporter.ts';
import { originalProto } from './assign-identity.ts';

export type RecordDeps = {
  readonly log: AccessLog;
  readonly metrics: GatewayMetrics;
  readonly refusals: RefusalReporter;
};

export class Recorder {
  readonly #deps: RecordDeps;

  constructor(deps: RecordDeps) {
    this.#deps = deps;
  }

  close(): void {
    this.#deps.log.close();
  }

  record(x: Exchange): void {
    const { metrics, log, refusals } = this.#deps;
    const status = x.status !== 0 ? x.status : x.res.headersSent ? x.res.statusCode : 0;
    const isWhole = x.res.writableFinished || status === 101;
    const reason = x.reason ?? (isWhole ? '' : 'client_gone');
    const endedMs = performance.now();
    const durationMs = endedMs - x.startedMs;
    const gatewayMs = x.upstreamStartedMs === 0 ? null : x.upstreamStartedMs - x.startedMs;
    const upstreamMs = x.upstreamHeadMs === 0 ? null : x.upstreamHeadMs - x.upstreamStartedMs;
    const path = x.path === '' ? pathOf(x.req.url!) : x.path;
    const route = x.label ?? x.route?.label ?? 'none';
    metrics.count(route, x.req.method!, status, reason);
    if (status !== 101) metrics.observe(route, durationMs / 1000);
    if (x.target !== undefined) metrics.upstreams.note(x, status, upstreamMs);
    x.span?.end({
      route: x.label ?? x.route?.label,
      path,
      scheme: originalProto(x),
      status,
      requestId: x.requestId,
      reason: reason === '' ? undefined : reason,
      endedMs,
    });
    const refusal = describeRefusal(x, performance.timeOrigin + endedMs);
    if (refusal !== undefined) refusals.add(refusal);
    if (log.isOff) return;
    log.add({
      startedMs: performance.timeOrigin + x.startedMs,
      request_id: x.requestId,
      trace_id: x.traceparent.slice(3, 35),
      method: x.req.method!,
      path,
      route: route === 'none' ? null : route,
      status,
      reason: reason === '' ? null : reason,
      principal: x.principal?.id ?? null,
      client: x.clientAddress,
      service: x.route?.service ?? null,
      target: x.target ?? null,
      address: x.targetAddress ?? null,
      retries: x.retries,
      duration_ms: durationMs,
      gateway_ms: gatewayMs,
      upstream_ms: upstreamMs,
      bytes_in: x.bytesIn,
      bytes_out: x.bytesOut,
    });
  }
}

/** A path that was refused, without its query: a query may hold what no log should. */
function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return (end === -1 ? target : target.slice(0, end)).slice(0, 1024);
}
