// A route and a service as plain values under the names of gateway.yaml, every default filled in: what `pi gateway
// routes`, `explain` and `diff` show. Keys without a form of their own come out as they are, so that a new setting
// can't be left out.

import type { Access, Issuer, RateLimit, Route, Service } from '../routing/route.ts';

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const forms: { readonly [K in keyof Route]?: (route: Route) => Record<string, Plain> } = {
  label: () => ({}),
  hosts: ({ hosts }) => ({ host: hosts.length === 0 ? '*' : [...hosts] }),
  methods: ({ methods }) => ({ methods: methods === undefined ? '*' : [...methods] }),
  headers: ({ headers }) => ({
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value ?? '*'])),
  }),
  service: ({ service }) => ({ service: service === '' ? null : service }),
  stripPrefix: ({ stripPrefix }) => ({ strip_prefix: stripPrefix === '' ? null : stripPrefix }),
  access: ({ access }) => ({ access: formatAccess(access) }),
  rateLimit: ({ rateLimit }) => ({ rate_limit: rateLimit === undefined ? null : formatRate(rateLimit) }),
  // Its name is made from what the route matches.
  concurrency: ({ concurrency }) => ({
    concurrency: concurrency === undefined ? null : toPlain({ ...concurrency, name: undefined }),
  }),
};

export function describeRoute(route: Route): Record<string, Plain> {
  const entries = Object.entries(route) as [keyof Route, unknown][];
  return Object.assign(
    {},
    ...entries.map(([key, value]) => forms[key]?.(route) ?? { [toSnakeCase(key)]: toPlain(value) }),
  ) as Record<string, Plain>;
}

export type DescribedService = Readonly<Record<string, Plain>> & Pick<Service, 'targets'>;

export function describeService(service: Service): DescribedService {
  return toPlain(service) as DescribedService;
}

/** `public`, `roles: admin`, with whatever else it asks for. */
export function formatAccess(access: Access): string {
  const { kind, ...asked } = access;
  const parts = Object.entries(asked).map(
    ([key, value]) => `${toSnakeCase(key)}: ${[value].flat().join(', ')}`,
  );
  return [...(kind === 'roles' ? [] : [kind]), ...parts].join('; ');
}

export function describeIssuer(issuer: Issuer): Record<string, Plain> {
  return toPlain(issuer) as Record<string, Plain>;
}

/** `100/60`, with what it is counted by where that is not the user. */
function formatRate({ count, periodSeconds, by, header }: RateLimit): string {
  const rate = `${count}/${periodSeconds}`;
  return by === 'user' ? rate : [rate, 'by', by, header].filter((word) => word !== undefined).join(' ');
}

function toPlain(value: unknown): Plain {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object') return value as Plain;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [toSnakeCase(key), toPlain(one)]));
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
