// The heart of refresh: what a token may do, given its session's row. Pure; times are the database's, in
// microseconds. With g the row's generation and t the token's: t = g rotates, t = g-1 within the grace is
// answered with the same successor again, anything older is reuse and kills the session (RFC 9700 section 4.14.2).

export type RefreshSession = {
  readonly generation: number;
  readonly rotatedAt: number;
  readonly idleExpiresAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly isUserDisabled: boolean;
};

export type RefreshDecision =
  | { readonly kind: 'rotate'; readonly generation: number; readonly idleExpiresAt: number }
  | { readonly kind: 'repeat'; readonly generation: number }
  | { readonly kind: 'reuse' }
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'revoked' | 'expired' | 'disabled' };

export type RefreshRules = { readonly graceSeconds: number; readonly idleTtlSeconds: number };

const second = 1_000_000;

/** Decides for a token whose MAC and nonce have held; `now` is read after the row was locked. */
export function decideRefresh(
  session: RefreshSession,
  tokenGeneration: number,
  now: number,
  rules: RefreshRules,
): RefreshDecision {
  const { generation, rotatedAt, idleExpiresAt, expiresAt } = session;
  if (session.revokedAt !== null) return { kind: 'refused', reason: 'revoked' };
  // Our MAC over a generation we never reached: the database was set back. Nothing to give, nothing to kill.
  if (tokenGeneration > generation) return { kind: 'refused', reason: 'unknown' };
  if (now >= Math.min(idleExpiresAt, expiresAt)) return { kind: 'refused', reason: 'expired' };
  if (session.isUserDisabled) return { kind: 'refused', reason: 'disabled' };
  if (tokenGeneration === generation) {
    const idleEnd = now + rules.idleTtlSeconds * second;
    return { kind: 'rotate', generation: generation + 1, idleExpiresAt: Math.min(idleEnd, expiresAt) };
  }
  const isWithinGrace = now - rotatedAt <= rules.graceSeconds * second;
  if (tokenGeneration === generation - 1 && isWithinGrace) return { kind: 'repeat', generation };
  return { kind: 'reuse' };
}
