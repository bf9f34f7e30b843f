// What gateway.yaml means once it is read: services and routes as plain, frozen values. Times are in
// milliseconds, sizes in bytes; every default is already filled in.

import type { Limit } from '@pi-gateway/limiter/limiter.ts';
import type { Algorithm } from '../issuers/algorithms.ts';
import type { Balance } from '../upstreams/balance.ts';
import type { BreakerRule } from '../upstreams/circuit-breaker.ts';
import type { TlsFiles } from '../upstreams/client-tls.ts';
import type { HeaderCondition } from './header-condition.ts';

/** Whose tokens are taken: by default those of our own auth. */
export type Trust = {
  /** Names under `issuers`, and `own`. */
  readonly issuers?: readonly string[];
  /** One of these must be the token's too. */
  readonly audience?: readonly string[];
};

export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'optional' }
  | ({ readonly kind: 'authenticated' } & Trust)
  | ({
      readonly kind: 'roles';
      /** One of them is needed. */
      readonly roles: readonly string[];
      /** And all of these. */
      readonly rolesAll?: readonly string[];
    } & Trust);

/** Another issuer whose tokens a route may take. */
export type Issuer = {
  readonly name: string;
  /** What its tokens say in `iss`, exactly. */
  readonly issuer: string;
  /** undefined: its discovery document tells. */
  readonly jwksUri: string | undefined;
  readonly algorithms: readonly Algorithm[];
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
  /** Where its roles stand, and what they mean here: pairs of theirs and ours. undefined: it gives none. */
  readonly roles:
    | {
        readonly claim: readonly string[];
        readonly map: readonly (readonly [theirs: string, ours: string])[];
      }
    | undefined;
};

export type Timeouts = {
  /** To open a connection to a target. */
  readonly connectMs: number;
  /** From the request's end to the head of the answer. */
  readonly headersMs: number;
  /** The longest gap after the head, and the longest gap in the client's own body. */
  readonly idleMs: number;
  /** From the first try to the answer's end, retries included; undefined: no bound. WebSockets are left out. */
  readonly totalMs: number | undefined;
  /** The longest silence in both directions of an open WebSocket. */
  readonly tunnelIdleMs: number;
};

export type Target = {
  /** Such as `http://10.0.0.5:9000` or `http+unix:/run/orders.sock`; see upstreams/place.ts. */
  readonly origin: string;
  /** Its share of the requests beside the others'. */
  readonly weight: number;
};

/** `headers`: x-user-id and the like; `token`: a signed internal token in their place. */
export const identities = ['headers', 'token'] as const;
export type Identity = (typeof identities)[number];

/** What is spoken to its targets: HTTP/1.1, HTTP/2 over TLS, or HTTP/2 by prior knowledge without TLS. */
export const protocols = ['http1', 'h2', 'h2c'] as const;
export type Protocol = (typeof protocols)[number];

export type Service = {
  readonly name: string;
  readonly targets: readonly Target[];
  /** How often the host names of targets are looked up. */
  readonly dnsRefreshMs: number;
  readonly protocol: Protocol;
  /** For its `https:` targets. */
  readonly tls: TlsFiles;
  readonly balance: Balance;
  readonly timeouts: Timeouts;
  /** How often one request may be tried again where that is safe. */
  readonly retries: number;
  /** Asked of each target in the background; undefined: only failed connections tell. */
  readonly health: { readonly path: string; readonly intervalMs: number } | undefined;
  /** undefined: only a target that cannot be reached is left out. */
  readonly breaker: BreakerRule | undefined;
  /** Requests of one gateway process that wait for the head of their answer; one more is a 503 `overloaded`. */
  readonly maxPending: number;
  /** Whether `authorization` goes on to it. */
  readonly forwardToken: boolean;
  /** How it is told who calls. */
  readonly identity: Identity;
};

export type Route = {
  /** What log and metrics call it: hosts and path. */
  readonly label: string;
  /** In the form that is compared, e.g. `api.example.com` or `*.example.com`; none: every host. */
  readonly hosts: readonly string[];
  /** The pattern as written, e.g. `/orders/{id}`. */
  readonly path: string;
  /** undefined: every method but TRACE and CONNECT. */
  readonly methods: readonly string[] | undefined;
  /** All of them must be met. */
  readonly headers: readonly HeaderCondition[];
  readonly service: string;
  /** Cut off the front of the canonical path before it is forwarded; '' for none. */
  readonly stripPrefix: string;
  /** The path for the service instead, e.g. `/v2/{id}/*`; undefined: as it came. */
  readonly rewrite: string | undefined;
  readonly access: Access;
  readonly rateLimit: RateLimit | undefined;
  readonly bodyLimitBytes: number;
  /** `pass`: `%2F` may stand in a segment of this route's path. */
  readonly encodedSlashes: 'refuse' | 'pass';
  /** What is refused first under overload; undefined (the gateway's own routes): never refused. */
  readonly priority?: Priority;
  readonly concurrency?: Concurrency | undefined;
  /** Bytes of the header fields that go on, without the gateway's own; undefined: the 16 KiB of every request. */
  readonly headerLimitBytes?: number | undefined;
  /** undefined: the service answers browsers itself. */
  readonly cors?: Cors | undefined;
};

/** By whom a rate is counted: `user` falls back to the client's network, and so does a missing header. */
export type RateLimit = Limit & { readonly by: 'user' | 'ip' | 'header'; readonly header?: string };

/** How many requests are under way at once, in each gateway process. */
export type Concurrency = {
  /** Tells the route from others, over reloads too. */
  readonly name: string;
  readonly route: number | undefined;
  /** For each user, or network where there is no user. */
  readonly caller: number | undefined;
};

/** What goes first when the gateway is overloaded. */
export const priorities = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

/** What browsers may do across sites on one route. */
export type Cors = {
  /** Exact origins; `*`: every site, without credentials. */
  readonly origins: readonly string[] | '*';
  /** undefined: those of the route. */
  readonly methods: readonly string[] | undefined;
  /** Lower-case names that a request may carry. */
  readonly headers: readonly string[];
  /** Lower-case names that a page may read of an answer. */
  readonly exposedHeaders: readonly string[];
  readonly credentials: boolean;
  /** How long a browser may remember a preflight's answer. */
  readonly maxAgeSeconds: number;
};

export type RoutingConfig = {
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: readonly Route[];
  /** Where each route stands in the file. */
  readonly lines: ReadonlyMap<Route, number>;
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** SHA-256 of the file after interpolation, in hex: tells whether two gateways run the same file. */
  readonly hash: string;
};

export const routeMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
