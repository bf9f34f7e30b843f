// The Fastify server around the route table: strict front, one serializer of errors, the headers and the log
// line of every answer. What Fastify would do by itself (bodies, 404, coercion) is taken out of its hands.

import type { IncomingMessage } from 'node:http';
import swagger from '@fastify/swagger';
import { createFrontServer, type FrontOptions } from '@pi-gateway/http-front/front-server.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { withTimeBudget } from '../db/time-budget.ts';
import type { AuthDeps } from '../deps.ts';
import type { Routes } from '../routes.ts';
import { addRoutes, askedRoute } from './add-routes.ts';
import { createAllowedMethods } from './allowed-methods.ts';
import { type Caller, readCaller, requestIdOf } from './caller.ts';
import { openApiOptions } from './openapi.ts';
import { recordInvalidToken } from './record-refusal.ts';
import { beginSpan, endSpan, spanOf } from './request-span.ts';
import { sendError } from './send-error.ts';

const frontLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  // Longer than the gateway keeps its own connections idle, so that it never meets a closed one.
  keepAliveTimeoutMs: 75_000,
  maxConnections: 10_000,
} as const;

/** The server, not listening yet. `makeRoutes` gets a function that gives the OpenAPI document. */
export async function buildServer(
  deps: AuthDeps,
  makeRoutes: (describe: () => unknown) => Routes,
): Promise<FastifyInstance> {
  const { log, secrets, trusted } = deps;
  const { forwardProof } = secrets;
  const front: FrontOptions = { ...frontLimits, log, requestId: () => uuidV7(Date.now() * 1000) };
  const app: FastifyInstance = Fastify({
    serverFactory: (handler) => createFrontServer(front, handler),
    clientErrorHandler: () => undefined, // the front has answered
    frameworkErrors: (error, request, reply) => sendError(error, request.id, reply, log),
    genReqId: (req: IncomingMessage) => requestIdOf(req, forwardProof),
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
    },
    // As long as a URL may be: an id of any length is one that does not exist.
    routerOptions: { maxParamLength: 8192 },
    return503OnClosing: false,
  });
  await app.register(swagger, openApiOptions(deps.config.publicUrl));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null)); // add-routes.ts reads bodies
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof AppError && error.code === 'invalid_token') {
      recordInvalidToken(deps.refusals, callerOf(request), askedRoute(request), error);
    }
    sendError(error, request.id, reply, log);
  });

  const callers = new WeakMap<IncomingMessage, Caller>();
  const callerOf = ({ raw }: FastifyRequest): Caller => callers.get(raw)!;
  const table = makeRoutes(() => app.swagger());
  const allowedMethods = createAllowedMethods([
    ...table.open,
    ...table.signedIn,
    ...table.admin,
    ...table.service,
  ]);
  const refuseUnknown = (request: FastifyRequest): AppError => {
    const allow = allowedMethods(request.url.split('?', 1)[0]!);
    if (allow === undefined) return new AppError('not_found');
    return new AppError('method_not_allowed', { headers: { allow } });
  };
  app.setNotFoundHandler((request) => {
    throw refuseUnknown(request);
  });

  app.addHook('onRequest', (_request, _reply, done) => withTimeBudget(done));
  app.addHook('onRequest', async (request, reply) => {
    const caller = readCaller(request.raw, request.id, { forwardProof, trusted });
    callers.set(request.raw, caller);
    if (deps.tracing !== undefined) beginSpan(deps.tracing, request, caller);
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    // Before the body is looked at: a wrong content type at an unknown address is still a 404.
    if (request.is404) throw refuseUnknown(request);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const caller = callers.get(request.raw);
    recordAnswer(deps, {
      ...askedRoute(request),
      status: reply.statusCode,
      ms: reply.elapsedTime,
      ip: caller?.ip,
      request_id: request.id,
      trace_id: spanOf(request)?.context.traceId ?? caller?.trace?.traceId,
    });
    if (deps.tracing !== undefined) endSpan(request, reply.statusCode);
    done();
  });
  addRoutes(app, deps, table, { callerOf, refuseUnknown });
  return app;
}

type AnswerRecord = {
  readonly method: string;
  /** The table's own URL: what a client sent may hold a secret. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly ip: string | undefined;
  readonly request_id: string;
  readonly trace_id: string | undefined;
};

function recordAnswer({ log, metrics }: Pick<AuthDeps, 'log' | 'metrics'>, record: AnswerRecord): void {
  metrics.observeRequest(record.method, record.route, record.status, record.ms / 1000);
  log.info({ ...record, ms: Math.round(record.ms * 10) / 10 }, 'request');
}
