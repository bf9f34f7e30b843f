// One endpoint: its schemas and its function, the types of the second following from the first. Three kinds,
// by who may call it; a handler of the signed-in kind cannot be reached, nor written, without a principal, and one
// for services not without a client.

import type { FastifyReply } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import type { Principal } from './authenticate.ts';
import type { Caller } from './caller.ts';

export type EndpointSchema = {
  readonly summary: string;
  readonly body?: TSchema;
  /** In place of `body`: a form (application/x-www-form-urlencoded). Parameters it does not name are ignored. */
  readonly form?: TObject;
  /** Where the body may be missing. */
  readonly isBodyOptional?: boolean;
  readonly query?: TSchema;
  readonly params?: TSchema;
  /** Bodies of success by status. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** The success is a stream of server-sent events, which no schema describes. */
  readonly isEventStream?: boolean;
  /** Statuses of refusal, beside those that every route may give. */
  readonly refusals?: readonly number[];
};

type Part<S extends EndpointSchema, K extends 'body' | 'form' | 'query' | 'params'> = S[K] extends TSchema
  ? Static<S[K]>
  : undefined;

export type Call<S extends EndpointSchema> = {
  readonly body: S['isBodyOptional'] extends true ? Part<S, 'body'> | undefined : Part<S, 'body'>;
  readonly form: Part<S, 'form'>;
  readonly query: Part<S, 'query'>;
  readonly params: Part<S, 'params'>;
  readonly caller: Caller;
  readonly rawHeaders: readonly string[];
  readonly ifNoneMatch: string | undefined;
};

export type SignedInCall<S extends EndpointSchema> = Call<S> & { readonly principal: Principal };
/** `client`: the name of the service that calls. */
export type ServiceCall<S extends EndpointSchema> = Call<S> & { readonly client: string };

/** What the application calls; typed calls go in by `endpoint` and `signedInEndpoint` only. */
type Endpoint<C> = {
  readonly schema: EndpointSchema;
  readonly handle: (call: C, reply: FastifyReply) => Promise<unknown>;
};

export type OpenEndpoint = Endpoint<Call<EndpointSchema>>;
export type SignedInEndpoint = Endpoint<SignedInCall<EndpointSchema>>;
export type ServiceEndpoint = Endpoint<ServiceCall<EndpointSchema>>;

/** For anyone. */
export function endpoint<const S extends EndpointSchema>(
  schema: S,
  handle: (call: Call<S>, reply: FastifyReply) => Promise<unknown>,
): OpenEndpoint {
  return { schema, handle: handle };
}

/** For whoever sends a living access token. */
export function signedInEndpoint<const S extends EndpointSchema>(
  schema: S,
  handle: (call: SignedInCall<S>, reply: FastifyReply) => Promise<unknown>,
): SignedInEndpoint {
  return { schema, handle: handle as unknown as SignedInEndpoint['handle'] };
}

/** For services that send their credentials. */
export function serviceEndpoint<const S extends EndpointSchema>(
  schema: S,
  handle: (call: ServiceCall<S>, reply: FastifyReply) => Promise<unknown>,
): ServiceEndpoint {
  return { schema, handle: handle as unknown as ServiceEndpoint['handle'] };
}
