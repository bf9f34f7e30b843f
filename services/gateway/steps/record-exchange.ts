// record: runs once for every request, whatever became of it, after the last byte or the loss of the
// connection. It takes down numbers only; writing the log, summing up the metrics and
// telling auth of refusals happens in batches.

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

const batchMs = 20;

export class Recorder {
  readonly #deps: RecordDeps;
  #ended: [Exchange, number][] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: RecordDeps) {
    this.#deps = deps;
  }

  record(x: Exchange): void {
    this.#ended.push([x, performance.now()]);
    this.#timer ??= setTimeout(() => this.settle(), batchMs).unref();
  }

  /** Works off what has ended since the last time. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ended = this.#ended;
    this.#ended = [];
    for (const [x, endedMs] of ended) this.#settleOne(x, endedMs);
  }

  close(): void {
    this.settle();
    this.#deps.log.close();
  }

  #settleOne(x: Exchange, endedMs: number): void {
    const { metrics, log, refusals } = this.#deps;
    const status = x.status !== 0 ? x.status : x.res.headersSent ? x.res.statusCode : 0;
    const isWhole = x.res.writableFinished || status === 101;
    const reason = x.reason ?? (isWhole ? '' : 'client_gone');
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
      time: new Date(performance.timeOrigin + x.startedMs).toISOString(),
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
      duration_ms: round(durationMs),
      gateway_ms: gatewayMs === null ? null : round(gatewayMs),
      upstream_ms: upstreamMs === null ? null : round(upstreamMs),
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

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
