// What a service with `identity: token` gets in place of the identity headers: a JWT for this service, this route and
// this method. Signing takes longer than all else that a request costs here, so one that was signed for the same caller
// is used until half of its life is over. Who may call was decided before, for this very request: a token that is at
// hand opens nothing to a session that has ended or to roles that are no longer held.

import { sign } from 'node:crypto';
import {
  internalIssuer,
  internalTokenLifeSeconds,
  internalTokenTyp,
} from '@pi-gateway/access-token/internal-token.ts';
import { BoundedMap } from '@pi-gateway/limiter/bounded-map.ts';
import type { Principal } from '../principal.ts';
import type { IdentityKey, IdentityKeys } from './identity-keys.ts';

export type IdentityTokensOptions = {
  readonly keys: IdentityKeys;
  readonly publicUrl: string;
  readonly nowMs: () => number;
};

/** What a token is for. */
export type IdentityPurpose = { readonly service: string; readonly route: string; readonly method: string };

type Signed = { readonly token: string; readonly signedMs: number };

const reusedMs = (internalTokenLifeSeconds * 1000) / 2;
const entriesMax = 10_000;
/** Key and token of one entry: what is longer is signed each time. All of them together stay below 40 MB. */
const entryCharactersMax = 4096;

export class IdentityTokens {
  /** How many were signed. */
  signed = 0;
  readonly #keys: IdentityKeys;
  readonly #issuer: string;
  readonly #nowMs: () => number;
  readonly #known: BoundedMap<Signed>;

  constructor({ keys, publicUrl, nowMs }: IdentityTokensOptions) {
    this.#keys = keys;
    this.#issuer = internalIssuer(publicUrl);
    this.#nowMs = nowMs;
    this.#known = new BoundedMap(entriesMax, ({ signedMs }) => signedMs + reusedMs - nowMs());
  }

  /** Of the tokens kept for another time. */
  get size(): number {
    return this.#known.size;
  }

  tokenFor(principal: Principal, purpose: IdentityPurpose): string {
    const { id, roles, sessionId = '' } = principal;
    const { service, route, method } = purpose;
    // No part can hold a line end: it would not have come this far in a header, or in a path.
    const name = `${service}\n${route}\n${method}\n${id}\n${sessionId}\n${roles.join(',')}`;
    const nowMs = this.#nowMs();
    const known = this.#known.get(name);
    // A clock that was set back makes what was signed before a token of the future.
    if (known !== undefined && nowMs >= known.signedMs && nowMs < known.signedMs + reusedMs)
      return known.token;
    const token = this.#sign(principal, purpose, nowMs);
    if (name.length + token.length <= entryCharactersMax) this.#known.set(name, { token, signedMs: nowMs });
    return token;
  }

  #sign({ id, roles, sessionId }: Principal, purpose: IdentityPurpose, nowMs: number): string {
    const { service, route, method } = purpose;
    const iat = Math.floor(nowMs / 1000);
    const claims = {
      iss: this.#issuer,
      aud: service,
      sub: id,
      roles,
      sid: sessionId,
      route,
      method,
      iat,
      exp: iat + internalTokenLifeSeconds,
    };
    this.signed += 1;
    return signJws(this.#keys.current(nowMs), claims);
  }
}

function signJws({ kid, privateKey }: IdentityKey, claims: object): string {
  const parts = [{ alg: 'ES256', typ: internalTokenTyp, kid }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text, 'latin1'), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}
