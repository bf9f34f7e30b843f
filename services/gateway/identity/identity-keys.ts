// The keys that internal tokens are signed with (docs/decisions/0012). Every gateway process derives the same ones from
// the master key, so that what one has signed holds at a service that got its keys from another. A key signs for a
// week; the one before and the one after are in the set too, for clocks that differ and services that fetch late.

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { deriveSigningKey } from '@pi-gateway/master-key/derive-signing-key.ts';

type PublicJwk = Readonly<Record<string, unknown>>;

export type IdentityKey = {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public half, as it stands in the set. */
  readonly jwk: PublicJwk;
};

export const identityPeriodMs = 7 * 86_400_000;

export class IdentityKeys {
  readonly #masterKey: Buffer;
  readonly #epoch: number;
  /** Of the last few times that were asked for. */
  readonly #derived = new Map<string, IdentityKey>();

  /** `epoch`: another one makes all keys of the one before worthless. */
  constructor(masterKey: Buffer, epoch: number) {
    this.#masterKey = masterKey;
    this.#epoch = epoch;
  }

  /** The one that signs now. */
  current(nowMs: number): IdentityKey {
    return this.#derive(this.#epoch, periodOf(nowMs));
  }

  /**
   * What services verify with. The next epoch's keys are there as well, so that gateways may be told of it one after
   * the other; the last epoch's are gone at once, for that is what an epoch is changed for.
   */
  all(nowMs: number): readonly IdentityKey[] {
    const now = periodOf(nowMs);
    const own = [now - 1, now, now + 1].map((period) => this.#derive(this.#epoch, period));
    const next = [now, now + 1].map((period) => this.#derive(this.#epoch + 1, period));
    return [...own, ...next];
  }

  #derive(epoch: number, period: number): IdentityKey {
    const generation = `${epoch}.${period}`;
    const known = this.#derived.get(generation);
    if (known !== undefined) return known;
    const privateKey = deriveSigningKey(this.#masterKey, 'gateway-identity/v1', generation);
    const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
    const kid = `gw-${thumbprint({ crv, kty, x, y })}`;
    const key = Object.freeze({
      kid,
      privateKey,
      jwk: Object.freeze({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }),
    });
    if (this.#derived.size >= derivedMax) this.#derived.clear();
    this.#derived.set(generation, key);
    return key;
  }
}

const derivedMax = 16;

function periodOf(nowMs: number): number {
  return Math.floor(nowMs / identityPeriodMs);
}

/** RFC 7638, its first 96 bits: it tells keys of one set apart, and proves nothing. */
function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  const text = JSON.stringify({ crv, kty, x, y });
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
