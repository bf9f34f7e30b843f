// The span of a request, where spans are recorded. It ends with the answer, or with the client.

import type { RequestSpan, Tracing } from '@pi-gateway/trace-context/tracing.ts';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.ts';

const spans = new WeakMap<FastifyRequest['raw'], RequestSpan>();

export function beginSpan(tracing: Tracing, request: FastifyRequest, { trace }: Caller): void {
  const startedMs = performance.now();
  spans.set(request.raw, tracing.beginRequest({ method: request.method, parent: trace, startedMs }));
}

export function spanOf(request: FastifyRequest): RequestSpan | undefined {
  return spans.get(request.raw);
}

export function endSpan(request: FastifyRequest, status: number): void {
  const route = request.routeOptions.url;
  spans.get(request.raw)?.end({
    route,
    // What a client put into the path of a route of ours may be a secret by mistake: its template is told instead.
    path: route ?? '/',
    scheme: 'http',
    status,
    requestId: request.id,
    reason: undefined,
    endedMs: performance.now(),
  });
}
