// Puts the blocks of the route table behind their checks. In this order: who is calling, may he, then the body
// is read, then it is validated, then the endpoint runs.

import type { IncomingMessage } from 'node:http';
import { callProofHeader, isProof } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkServiceClient } from '../clients/service-clients.ts';
import type { AuthDeps } from '../deps.ts';
import type { Method, Routes } from '../routes.ts';
import { authenticate, type Principal } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { checkAdmin } from './check-admin.ts';
import type { EndpointSchema, ServiceCall, SignedInCall } from './endpoint.ts';
import { type Access, routeSchema } from './openapi.ts';
import { readFormBody } from './read-form-body.ts';
import { readJsonBody } from './read-json-body.ts';
import { type AskedRoute, recordWrongCredentials } from './record-refusal.ts';
import { refuseField } from './validation-errors.ts';

type Context = {
  readonly callerOf: (request: FastifyRequest) => Caller;
  readonly refuseUnknown: (request: FastifyRequest) => AppError;
};

type AnyCall = SignedInCall<EndpointSchema> & ServiceCall<EndpointSchema>;
type Handle = (call: AnyCall, reply: FastifyReply) => Promise<unknown>;

export function addRoutes(app: FastifyInstance, deps: AuthDeps, table: Routes, context: Context): void {
  const principals = new WeakMap<IncomingMessage, Principal>();
  const clients = new WeakMap<IncomingMessage, string>();

  const letIn: Readonly<Record<Access, (request: FastifyRequest) => Promise<void>>> = {
    open: () => Promise.resolve(),
    'signed in': async ({ raw }) => {
      principals.set(raw, await authenticate(deps, raw.rawHeaders));
    },
    admin: async (request) => {
      const principal = await authenticate(deps, request.raw.rawHeaders);
      await checkAdmin(deps.refusals, principal, context.callerOf(request), askedRoute(request));
      principals.set(request.raw, principal);
    },
    service: async (request) => {
      const { raw } = request;
      try {
        clients.set(raw, checkServiceClient(deps.config.serviceClients, raw.rawHeaders));
      } catch (error) {
        const isWrong = error instanceof AppError && error.code === 'invalid_credentials';
        if (isWrong && raw.headers.authorization !== undefined) recordWrong(request, 'invalid_client');
        throw error;
      }
    },
    internal: async (request) => {
      const given = request.headers[callProofHeader];
      if (isProof(deps.secrets.callProof, given)) return;
      if (given !== undefined) recordWrong(request, 'invalid_proof');
      throw context.refuseUnknown(request);
    },
  };

  function recordWrong(request: FastifyRequest, reason: 'invalid_client' | 'invalid_proof'): void {
    recordWrongCredentials(deps.refusals, context.callerOf(request), askedRoute(request), reason);
  }

  function addRoute(access: Access, method: Method, url: string, schema: EndpointSchema, handle: Handle) {
    app.route({
      method,
      url,
      schema: routeSchema(schema, access),
      onRequest: (request) => letIn[access](request),
      preValidation: async (request, reply) => {
        request.body = await readBody(schema, request, reply);
      },
      handler: (request, reply) => {
        const { body, query, params, raw, headers } = request;
        const call = {
          body,
          form: body,
          query,
          params,
          caller: context.callerOf(request),
          principal: principals.get(raw),
          client: clients.get(raw),
          rawHeaders: raw.rawHeaders,
          ifNoneMatch: headers['if-none-match'],
        };
        return handle(call as AnyCall, reply);
      },
    });
  }

  for (const [method, url, { schema, handle }] of table.open) addRoute('open', method, url, schema, handle);
  for (const [method, url, { schema, handle }] of table.signedIn)
    addRoute('signed in', method, url, schema, handle);
  for (const [method, url, { schema, handle }] of table.admin) addRoute('admin', method, url, schema, handle);
  for (const [method, url, { schema, handle }] of table.service)
    addRoute('service', method, url, schema, handle);
  for (const [method, url, { schema, handle }] of table.internal)
    addRoute('internal', method, url, schema, handle);
}

/** By the table's own URL: what a client sent may hold a secret. */
export function askedRoute({ method, routeOptions }: FastifyRequest): AskedRoute {
  return { method, route: routeOptions.url ?? 'none' };
}

/** The body as it is validated. A route without one takes none, or an empty object. */
async function readBody(schema: EndpointSchema, request: FastifyRequest, reply: FastifyReply) {
  if (schema.form !== undefined) return readFormBody(request.raw, reply.raw, schema.form.required ?? []);
  const isOptional = schema.body === undefined || schema.isBodyOptional === true;
  const body = await readJsonBody(request.raw, reply.raw, { isOptional });
  if (schema.body !== undefined) return body === undefined && isOptional ? {} : body;
  const isEmpty = body === undefined || JSON.stringify(body) === '{}';
  if (!isEmpty) throw refuseField('', 'this route takes no body');
  return undefined;
}
