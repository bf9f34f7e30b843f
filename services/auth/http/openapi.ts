// The OpenAPI 3.1 side of the route table.

import type { SwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
import type { EndpointSchema } from './endpoint.ts';
import { Empty, Problem } from './schemas.ts';

export type Access = 'open' | 'signed in' | 'admin' | 'service' | 'internal';

const everyRefusal = [400, 422, 503];
const bodyRefusals = [413, 415];
const accessRefusals: Readonly<Record<Access, readonly number[]>> = {
  open: [],
  'signed in': [401],
  admin: [401, 403],
  service: [401],
  internal: [],
};

export function openApiOptions(publicUrl: string): SwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'PI Gateway auth', version: '0.1.0', license: { name: 'Apache-2.0' } },
      servers: [
        { url: `${publicUrl}/api`, description: 'Through the gateway, for /auth and /admin' },
        { url: publicUrl, description: 'For what stands at the root' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' },
          client: { type: 'http', scheme: 'basic' },
        },
      },
    },
  };
}

/** What Fastify validates and serialises by, and what is published. */
export function routeSchema(schema: EndpointSchema, access: Access): FastifySchema {
  const { form, body = form, query, params, answers, refusals = [] } = schema;
  const bodyStatuses = body === undefined ? [] : bodyRefusals;
  const statuses = new Set([...everyRefusal, ...accessRefusals[access], ...bodyStatuses, ...refusals]);
  const problems = [...statuses]
    .toSorted((a, b) => a - b)
    .map((status) => [status, problemResponse] as const);
  return {
    summary: schema.summary,
    ...(access === 'internal' ? { hide: true } : {}),
    ...(access === 'signed in' || access === 'admin' ? { security: [{ bearer: [] }] } : {}),
    ...(access === 'service' ? { security: [{ client: [] }] } : {}),
    ...(form === undefined ? {} : { consumes: ['application/x-www-form-urlencoded'] }),
    ...(body === undefined ? {} : { body }),
    ...(params === undefined ? {} : { params }),
    querystring: query ?? Empty,
    response: {
      ...answers,
      ...(schema.isEventStream === true ? { 200: eventStreamResponse } : {}),
      ...Object.fromEntries(problems),
    },
  };
}

const problemResponse = {
  description: 'Problem details',
  content: { 'application/problem+json': { schema: Problem } },
};

const eventStreamResponse = {
  description: 'Server-sent events',
  content: { 'text/event-stream': { schema: Type.String() } },
};
