// The names of audit events and the shape of one. What leaves by the API and what is stored derive from here.

export const auditEventNames = [
  'registration.requested',
  'registration.refused',
  'user.registered',
  'login.succeeded',
  'login.failed',
  'login.rate_limited',
  'token.refreshed',
  'token.refused',
  'token.reuse_detected',
  'logout',
  'session.revoked',
  'user.role_changed',
  'user.disabled',
  'user.enabled',
  'user.unlocked',
  'user.password_changed',
  'user.change_refused',
  'user.read',
  'users.listed',
  'user.imported',
  'users.exported',
  'audit.listed',
  'access.denied',
  'keys.rotated',
  'keys.revoked',
  'user.erased',
  'audit.exported',
  'audit.dropped',
  'webhook.added',
  'webhook.removed',
  'webhook.secret_rotated',
  'webhook.enabled',
  'webhook.disabled',
  'webhook.tested',
  'webhook.redelivered',
  'database.backed_up',
  'database.restored',
  'master_key.changed',
] as const;

export const auditOutcomes = ['success', 'failure', 'denied'] as const;

export type AuditEventName = (typeof auditEventNames)[number];
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who sent a request, as an event tells it. */
export type AuditOrigin = {
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
};

export type AuditEvent = AuditOrigin & {
  readonly event: AuditEventName;
  readonly outcome: AuditOutcome;
  /** Who acted; null when unknown. */
  readonly actorId: string | null;
  /** The user it concerns, oneself included. */
  readonly targetId: string | null;
  readonly sessionId: string | null;
  /** Never a secret, never what somebody typed into a field, and nothing that tells of a person (certain-json.ts). */
  readonly data: Readonly<Record<string, unknown>>;
  /** More of it that tells of a person (an address, a name): it goes when the person is erased. */
  readonly personal?: Readonly<Record<string, unknown>>;
};

/** The origin of what the service does by itself. */
export const noOrigin: AuditOrigin = { ip: null, userAgent: null, requestId: null };
