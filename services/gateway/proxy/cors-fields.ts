// What a browser is told about reading an answer from another site (Fetch standard, CORS protocol). The gateway alone
// says it: where a route has `cors`, whatever the service says of it is taken out, so that the file is the whole truth.

import type { Exchange } from '../exchange.ts';
import type { Cors } from '../routing/route.ts';

/** The one Origin of a request; undefined when there is none, or more than one. */
export function originOf(x: Exchange): string | undefined {
  return onlyField(x.headers, 'origin');
}

/** The value of a field that stands exactly once in a flat list. */
export function onlyField(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const one = headers[i]!;
    if (one.length !== name.length || one.toLowerCase() !== name) continue;
    if (found !== undefined) return undefined;
    found = headers[i + 1]!;
  }
  return found;
}

export function isAllowedOrigin({ origins }: Cors, origin: string | undefined): origin is string {
  return origin !== undefined && (origins === '*' || origins.includes(origin));
}

/** The fields of any answer on a route with `cors`; for other origins only that the answer depends on the origin. */
export function corsFields(cors: Cors, origin: string | undefined): Record<string, string> {
  const vary = cors.origins === '*' ? {} : { vary: 'Origin' };
  if (!isAllowedOrigin(cors, origin)) return vary;
  return { ...allowOrigin(cors, origin), ...expose(cors), ...vary };
}

/** The part that a preflight's answer has too. */
export function allowOrigin(cors: Cors, origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': cors.origins === '*' ? '*' : origin,
    ...(cors.credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}

function expose({ exposedHeaders }: Cors): Record<string, string> {
  return exposedHeaders.length === 0 ? {} : { 'access-control-expose-headers': exposedHeaders.join(', ') };
}

/** Takes the service's own word out of an answer's fields and puts the gateway's in. */
export function replaceCorsFields(fields: string[], cors: Cors, origin: string | undefined): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase().startsWith('access-control-')) continue;
    fields[kept] = fields[i]!;
    fields[kept + 1] = fields[i + 1]!;
    kept += 2;
  }
  fields.length = kept;
  fields.push(...Object.entries(corsFields(cors, origin)).flat());
}
