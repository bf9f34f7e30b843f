// What the services know of tracing: spans of a request and of the calls it makes. packages/telemetry stands behind
// it when OTEL_EXPORTER_OTLP_ENDPOINT is set; nothing does otherwise, and none of its code is loaded.

import type { TraceContext } from './trace-context.ts';

export interface Tracing {
  /** A request has come in; times are those of performance.now(). */
  beginRequest(request: BegunRequest): RequestSpan;
  /** Sends what is still held, bounded in time. Never rejects. */
  close(): Promise<void>;
}

export type BegunRequest = {
  readonly method: string;
  readonly parent: TraceContext | undefined;
  readonly startedMs: number;
};

export interface RequestSpan {
  /** The span's own place: the parent of what is done for the request. */
  readonly context: TraceContext;
  beginCall(call: BegunCall): CallSpan;
  end(request: EndedRequest): void;
}

export type EndedRequest = {
  /** Of the table of routes, never what the client sent. */
  readonly route: string | undefined;
  /** Without the query. */
  readonly path: string;
  readonly scheme: 'http' | 'https';
  /** 0: nothing was answered. */
  readonly status: number;
  readonly requestId: string;
  /** Of a closed set. */
  readonly reason: string | undefined;
  readonly endedMs: number;
};

export type BegunCall = {
  readonly method: string;
  /** Its name in gateway.yaml. */
  readonly service: string;
  /** Its origin in gateway.yaml. */
  readonly target: string;
  /** Counted from 0. */
  readonly retry: number;
};

export interface CallSpan {
  /** For the one who is called. */
  readonly traceparent: string;
  /** `status` 0: there was no answer; `reason`: what went wrong. */
  end(call: { readonly status: number; readonly reason: string | undefined }): void;
}
