// Every setting of the auth service, as a table. The reference page is generated from it.

import { drainSettings } from '@pi-gateway/env/drain-settings.ts';
import {
  endpoint,
  key32,
  oneOf,
  origin,
  port,
  portOrOff,
  rate,
  text,
  webUrl,
  whole,
  wholeOrOff,
} from '@pi-gateway/env/setting-kinds.ts';
import type { Setting } from '@pi-gateway/env/settings.ts';
import { logLevels } from '@pi-gateway/log/log.ts';
import { tracingSettings } from '@pi-gateway/telemetry/settings.ts';
import { readServiceClients, type ServiceClient } from './clients/service-clients.ts';

const yearSeconds = 31_622_400;
const seconds = { min: 1, max: 10 * yearSeconds };

const serviceClients: Setting<readonly ServiceClient[]> = {
  name: 'SERVICE_CLIENTS',
  default: '',
  doc: 'Who may introspect and revoke tokens: `name:secret` entries, one a line or between commas, secrets of 32 characters or more; unset: nobody.',
  secret: true,
  read: readServiceClients,
};

export const authSettings = {
  host: text('HOST', { default: '127.0.0.1', doc: 'The address the service listens on.' }),
  authPort: port('AUTH_PORT', {
    default: '8000',
    doc: 'The port of the auth service; 0 takes any free one.',
  }),
  entryPort: port('ENTRY_PORT', {
    default: '8080',
    doc: 'The port of the entrance; part of the default PUBLIC_URL.',
  }),
  authMetricsPort: portOrOff('AUTH_METRICS_PORT', {
    default: '9464',
    doc: 'The port of /metrics; 0 takes any free one, off opens none.',
  }),
  publicUrl: origin('PUBLIC_URL', {
    doc: 'The origin that clients use; issuer and audience of every access token.',
  }),
  dataDir: text('DATA_DIR', {
    default: '.data',
    doc: 'The folder for what the service keeps outside the database: the anchors of the audit log, and mail when no SMTP_URL is set.',
  }),
  databaseUrl: text('DATABASE_URL', {
    secret: true,
    doc: 'PostgreSQL 15 or newer, e.g. postgres://pi@db.internal/pi.',
  }),
  databaseOwnerUrl: text('DATABASE_OWNER_URL', {
    secret: true,
    doc: 'The connection that migrates and makes the months of the audit log, when another user than the one of DATABASE_URL owns the schema; unset: that one does, or, if it may not, `pi migrate` and `pi upkeep` have to.',
  }),
  databasePoolMax: whole('DATABASE_POOL_MAX', {
    default: '10',
    min: 1,
    max: 500,
    doc: 'Most connections of one auth process to PostgreSQL.',
  }),
  redisUrl: text('REDIS_URL', {
    secret: true,
    doc: 'Redis for limits and the revocation feed; unset: both in process.',
  }),
  masterKey: key32('MASTER_KEY', {
    doc: '32 random bytes that every secret of the product is derived from; never change it.',
  }),
  trustedProxies: text('TRUSTED_PROXIES', {
    default: '',
    doc: 'Networks (CIDR) whose forwarding headers are believed.',
  }),
  logLevel: oneOf('LOG_LEVEL', logLevels, {
    default: 'info',
    doc: 'The least severe log line that is written.',
  }),

  accessTokenTtlSeconds: whole('ACCESS_TOKEN_TTL_SECONDS', {
    default: '600',
    ...seconds,
    doc: 'How long an access token lives.',
  }),
  refreshIdleTtlSeconds: whole('REFRESH_IDLE_TTL_SECONDS', {
    default: '2592000',
    ...seconds,
    doc: 'A session ends when it was not refreshed for so long.',
  }),
  sessionMaxTtlSeconds: whole('SESSION_MAX_TTL_SECONDS', {
    default: '7776000',
    ...seconds,
    doc: 'A session ends this long after its login, whatever happens.',
  }),
  refreshGraceSeconds: whole('REFRESH_GRACE_SECONDS', {
    default: '10',
    ...seconds,
    doc: 'How long the predecessor of a refresh token still answers with the same successor.',
  }),
  clockSkewSeconds: whole('CLOCK_SKEW_SECONDS', {
    default: '5',
    min: 0,
    max: 300,
    doc: 'Leeway on the times in an access token.',
  }),
  refreshCookie: oneOf('REFRESH_COOKIE', ['off', 'on'], {
    default: 'off',
    doc: 'Whether a page may have its refresh token in a cookie that it cannot read; needs an https PUBLIC_URL, or localhost.',
  }),
  sessionsPerUserMax: whole('SESSIONS_PER_USER_MAX', {
    default: '0',
    min: 0,
    max: 100_000,
    doc: 'A login beyond it ends the oldest sessions of the user; 0: no bound.',
  }),
  signingKeyRotationSeconds: whole('SIGNING_KEY_ROTATION_SECONDS', {
    default: '2592000',
    ...seconds,
    doc: 'How long one key signs before the next takes over, which is published before it does.',
  }),

  serviceClients,

  rateLimitLoginPerIp: rate('RATE_LIMIT_LOGIN_PER_IP', {
    default: '30/60',
    doc: 'Login attempts of one network.',
  }),
  rateLimitLoginPerAccount: rate('RATE_LIMIT_LOGIN_PER_ACCOUNT', {
    default: '10/600',
    doc: 'Failed logins of one account from one network.',
  }),
  rateLimitRegisterPerIp: rate('RATE_LIMIT_REGISTER_PER_IP', {
    default: '20/600',
    doc: 'Registrations of one network.',
  }),
  rateLimitMailPerAddress: rate('RATE_LIMIT_MAIL_PER_ADDRESS', {
    default: '5/3600',
    doc: 'Mails to one e-mail address, from wherever they are asked for (REGISTRATION=verified).',
  }),
  loginFailuresMax: whole('LOGIN_FAILURES_MAX', {
    default: '100',
    min: 1,
    max: 1_000_000,
    doc: 'After so many failures in a row only networks the account has signed in from may try.',
  }),

  registration: oneOf('REGISTRATION', ['open', 'verified', 'closed'], {
    default: 'open',
    doc: 'Who may register: anyone, anyone who answers a mail, or nobody.',
  }),
  passwordMinLength: whole('PASSWORD_MIN_LENGTH', {
    default: '12',
    min: 8,
    max: 64,
    doc: 'Fewest characters (code points) of a new password. NIST SP 800-63B-4 asks for 15 where a password is all there is, and for 8 where a second factor follows; 12 is the middle that people accept, together with the lists of common passwords and the limits on guessing.',
  }),
  passwordHibpUrl: webUrl('PASSWORD_HIBP_URL', {
    doc: 'A range service that knows leaked passwords, e.g. https://api.pwnedpasswords.com/range/; it gets five digits of the SHA-1 of a new password. Unset: none is asked. When it fails, the password is taken.',
  }),
  passwordHashMemoryKib: whole('PASSWORD_HASH_MEMORY_KIB', {
    default: '19456',
    min: 7168,
    max: 1_048_576,
    doc: 'Memory of one argon2id hash.',
  }),
  passwordHashPasses: whole('PASSWORD_HASH_PASSES', {
    default: '2',
    min: 1,
    max: 20,
    doc: 'Passes of one argon2id hash over its memory.',
  }),
  adminEmail: text('ADMIN_EMAIL', {
    default: 'admin@example.com',
    doc: 'The first admin; only read when there is none.',
  }),
  adminPassword: text('ADMIN_PASSWORD', {
    secret: true,
    doc: "The first admin's password; unset: generated and shown once.",
  }),

  auditSealSeconds: whole('AUDIT_SEAL_SECONDS', {
    default: '10',
    min: 1,
    max: 3600,
    doc: 'An audit event is sealed when it is so old: from then on a change of it shows.',
  }),

  auditAnchorUrl: endpoint('AUDIT_ANCHOR_URL', {
    secret: true,
    doc: 'Where the anchors of the audit log are sent, too, by POST as JSON; unset: nowhere.',
  }),
  auditRetentionMonths: wholeOrOff('AUDIT_RETENTION_MONTHS', {
    default: 'off',
    min: 1,
    max: 1200,
    doc: 'Audit events are dropped, whole months at a time, once so many months lie between their month and the present one; off: never.',
  }),

  webhookAllowPrivate: oneOf('WEBHOOK_ALLOW_PRIVATE', ['off', 'on'], {
    default: 'off',
    doc: 'Whether webhooks may go to addresses that are not of the public internet (private, loopback, link-local), and over plain http.',
  }),

  smtpUrl: text('SMTP_URL', {
    secret: true,
    doc: 'The mail server, e.g. smtps://user:secret@mail.example.com; unset: mail is written to DATA_DIR/mail.',
  }),
  mailFrom: text('MAIL_FROM', {
    default: 'PI Gateway <no-reply@localhost>',
    doc: 'The sender of every mail.',
  }),
  ...drainSettings,
  ...tracingSettings,
} as const;
