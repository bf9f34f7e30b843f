// Tracing by OpenTelemetry: spans in memory, sent in batches over OTLP. Loaded only when a place to send them to is
// set (`import()` in deps.ts): its packages cost memory and start time that nobody pays who does not trace.
//
// Names and attributes follow the semantic conventions of HTTP spans, with two exceptions: a span names the service
// that is called rather than its address, and no span holds a full URL, whose query may hold secrets.

import {
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '@pi-gateway/log/log.ts';
import { type TraceContext, writeTraceparent } from '@pi-gateway/trace-context/trace-context.ts';
import type {
  BegunCall,
  BegunRequest,
  CallSpan,
  EndedRequest,
  RequestSpan,
  Tracing,
} from '@pi-gateway/trace-context/tracing.ts';
import { readResource } from './read-resource.ts';
import { ReportingExporter } from './reporting-exporter.ts';

export type TracingOptions = {
  /** The full URL that spans are posted to. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Share of begun traces that is recorded, 0 to 1. */
  readonly ratio: number;
  /** `name=value` between commas. */
  readonly resourceAttributes: string | undefined;
  readonly service: 'auth' | 'gateway';
  readonly log: Log;
};

// What a process holds at most is 2,048 spans; beyond that they are dropped, never requests held up.
const batch = {
  maxQueueSize: 2048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1000,
  exportTimeoutMillis: 5000,
};
const closeMs = 3000;

export function openTracing(options: TracingOptions): Tracing {
  const { url, headers, ratio, service, log } = options;
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: batch.exportTimeoutMillis,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `pi-${service}`,
      'service.namespace': 'pi-gateway',
      ...readResource(options.resourceAttributes),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new ReportingExporter(exporter, log), ...batch })],
  });
  const tracer = provider.getTracer('pi-gateway');

  return {
    beginRequest({ method, parent, startedMs }: BegunRequest) {
      const span = tracer.startSpan(
        method,
        {
          kind: SpanKind.SERVER,
          startTime: epochMs(startedMs),
          attributes: { 'http.request.method': method },
        },
        parent === undefined ? ROOT_CONTEXT : contextOf(parent),
      );
      return new OpenRequest(span, method, parent?.tracestate, (call, name, attributes) =>
        tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, trace.setSpan(ROOT_CONTEXT, call)),
      );
    },
    async close() {
      const timedOut = new Promise<void>((resolve) => setTimeout(resolve, closeMs).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), timedOut]);
    },
  };
}

function contextOf({ traceId, spanId, flags, tracestate }: TraceContext) {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}

function epochMs(ms: number): number {
  return performance.timeOrigin + ms;
}

type Begin = (parent: Span, name: string, attributes: Record<string, string | number>) => Span;

class OpenRequest implements RequestSpan {
  readonly #span: Span;
  readonly #method: string;
  readonly #tracestate: string | undefined;
  readonly #begin: Begin;

  constructor(span: Span, method: string, tracestate: string | undefined, begin: Begin) {
    this.#span = span;
    this.#method = method;
    this.#tracestate = tracestate;
    this.#begin = begin;
  }

  get context(): TraceContext {
    return placeOf(this.#span, this.#tracestate);
  }

  beginCall({ method, service, target, retry }: BegunCall): CallSpan {
    const span = this.#begin(this.#span, method, {
      'http.request.method': method,
      'server.address': service,
      'pi.target': target,
      ...(retry === 0 ? {} : { 'http.request.resend_count': retry }),
    });
    return {
      traceparent: writeTraceparent(placeOf(span, undefined)),
      end({ status, reason }) {
        if (status !== 0) span.setAttribute('http.response.status_code', status);
        // A client's span is in error for a 4xx too.
        setError(span, reason ?? (status >= 400 ? String(status) : undefined));
        span.end();
      },
    };
  }

  end({ route, path, scheme, status, requestId, reason, endedMs }: EndedRequest): void {
    const span = this.#span;
    span.setAttributes({ 'url.path': path, 'url.scheme': scheme, 'pi.request_id': requestId });
    if (route !== undefined) {
      span.setAttribute('http.route', route);
      span.updateName(`${this.#method} ${route}`);
    }
    if (status !== 0) span.setAttribute('http.response.status_code', status);
    if (reason !== undefined) span.setAttribute('pi.reason', reason);
    if (status >= 500 || status === 0) setError(span, reason ?? String(status));
    span.end(epochMs(endedMs));
  }
}

function setError(span: Span, type: string | undefined): void {
  if (type === undefined) return;
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}

function placeOf(span: Span, tracestate: string | undefined): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, flags: traceFlags, tracestate };
}
