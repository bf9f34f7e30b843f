// What the gateway tells auth about requests that it refused itself (`POST /internal/refusals`): each becomes an event
// of the audit log. A batch has an id, so that one that is sent twice is written once.

/** The codes of refusals that are told of. */
export const reportedReasons = ['insufficient_role', 'invalid_token', 'rate_limited'] as const;
export type ReportedReason = (typeof reportedReasons)[number];

export type ReportedRefusal = {
  readonly reason: ReportedReason;
  /** RFC 3339, UTC. */
  readonly refused_at: string;
  readonly request_id: string;
  /** Canonical address of the client. */
  readonly ip: string;
  readonly user_agent: string | null;
  readonly method: string;
  /** The route's name in gateway.yaml; null: none was found. */
  readonly route: string | null;
  /** Of `invalid_token`: a word of ours. */
  readonly fault?: string;
  /** Our own user: who called or, of `invalid_token`, whose token it was. */
  readonly user_id?: string;
  readonly session_id?: string;
  readonly role?: string;
  /** A caller of another issuer: its name in gateway.yaml, and who he is there. */
  readonly issuer?: string;
  readonly subject?: string;
  /** How many refusals this one stands for, itself included, and what they share. */
  readonly count?: number;
  readonly counted_by?: 'network' | 'kind';
};

/** What one request may hold: auth takes bodies of 16 KiB. */
export const reportBytesMax = 16_000;
