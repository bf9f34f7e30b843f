// Where another issuer's keys are: at `jwks_uri`, or where its OpenID Connect discovery document says (OpenID Connect
// Discovery 1.0 section 4). Only https, or http on this very machine; redirects are not followed, time and size are
// bounded (packages/access-token/fetch-json.ts).

import { fetchJson } from '@pi-gateway/access-token/fetch-json.ts';
import type { Issuer } from '../routing/route.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for https, and for http to this machine (tests, a provider in development). */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

/** Fetches key sets. What discovery said last is used while discovery itself fails. */
export function createKeyFetcher({ issuer, jwksUri }: Issuer): () => Promise<unknown> {
  let known = jwksUri;
  return async () => {
    if (jwksUri === undefined) {
      try {
        known = readDiscovery(await fetchJson(discoveryUrl(issuer)), issuer);
      } catch (error) {
        if (known === undefined) throw error;
      }
    }
    return fetchJson(known!);
  };
}

/** The issuer's path, if it has one, stays before the well-known part. */
function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** @throws {Error} when the document is of another issuer, or sends us where we do not go. */
function readDiscovery(json: unknown, issuer: string): string {
  const { issuer: named, jwks_uri: uri } = Object(json) as Record<string, unknown>;
  if (named !== issuer)
    throw new Error(`discovery: it names the issuer ${JSON.stringify(named)}, not ${issuer}`);
  if (typeof uri !== 'string' || !isSafeUrl(uri)) throw new Error('discovery: jwks_uri is no https URL');
  return uri;
}
