// What a revocation is, and the feed that carries it from auth to every gateway worker. A revocation is
// written to PostgreSQL in the transaction that causes it and published after the commit; it is kept only as
// long as a token it could hit may live.

export const revocationKinds = ['session', 'user', 'key'] as const;

export type Revocation = {
  /**
   * `session`: every token of one session. `user`: tokens of all the user's sessions issued up to `notBefore`.
   * `key`: every token that a signing key has signed or will ever sign.
   */
  readonly kind: (typeof revocationKinds)[number];
  /** The session's or the user's id, or the key's kid (UUIDv7 all). */
  readonly id: string;
  /** Microseconds since the epoch by the database's clock: tokens whose `jti` tells this instant or earlier are dead. */
  readonly notBefore: number;
  /** Seconds since the epoch after which no token it could hit is alive, or nobody lists the key any more. */
  readonly until: number;
};

/** Auth's side: told after the commit. Never throws and never waits long: the second source (polling) makes up for a loss. */
export interface RevocationPublisher {
  publish(revocations: readonly Revocation[]): Promise<void>;
  close(): Promise<void>;
}

/** The gateway's side: calls `apply` for what is published from now on (at least once, in any order). */
export interface RevocationSource {
  start(apply: (revocations: readonly Revocation[]) => void): Promise<void>;
  /** Milliseconds since the source last knew itself to be current; Infinity when it never was. */
  silentMs(): number;
  close(): Promise<void>;
}
