// What each event means: out of it docs/reference/audit-events.md is made, and a test holds every event that the whole
// journey leaves against it (tests/security/audit-journey.test.ts).

import type { AuditEventName, AuditOutcome } from './audit-event.ts';

export type EventMeaning = {
  /** When it is written, by outcome. */
  readonly when: Partial<Record<AuditOutcome, string>>;
  /** The keys that `data` may hold, those of the person included. */
  readonly data: readonly string[];
};

/** Of refusals: how many this one stands for when not each is written, and what they share. */
const counts = ['count', 'counted_by'] as const;

export const eventCatalogue: Readonly<Record<AuditEventName, EventMeaning>> = {
  'registration.requested': {
    when: {
      success: 'A mail to confirm a registration is on its way, or one that says there is an account.',
    },
    data: ['address', 'account'],
  },
  'registration.refused': {
    when: {
      failure: 'The address has an account, or the token or the password of a confirmation is wrong.',
      denied: 'Registration is closed, or limited.',
    },
    data: ['reason', 'account', ...counts],
  },
  'user.registered': {
    when: { success: 'An account was made: by its owner, by `pi user create` or as the first admin.' },
    data: ['first_admin', 'role', 'via'],
  },
  'login.succeeded': { when: { success: 'A session began.' }, data: [] },
  'login.failed': {
    when: { failure: 'The password was wrong, the address unknown or the account disabled.' },
    data: ['reason', 'account', ...counts],
  },
  'login.rate_limited': {
    when: { denied: 'Too many attempts from the network, or for the account.' },
    data: ['account', ...counts],
  },
  'token.refreshed': { when: { success: 'A refresh token was exchanged.' }, data: ['generation'] },
  'token.refused': {
    when: { denied: 'A refresh token was none of ours, or its session is over.' },
    data: ['reason', ...counts],
  },
  'token.reuse_detected': {
    when: { denied: 'A used refresh token came back: its session ended.' },
    data: ['generation', 'current_generation'],
  },
  logout: { when: { success: 'A user ended the session he used.' }, data: [] },
  'session.revoked': {
    when: { success: 'A session was ended: by its owner, an admin, a service, or for a newer one.' },
    data: ['reason', 'client'],
  },
  'user.role_changed': { when: { success: 'The role became another.' }, data: ['from', 'to', 'via'] },
  'user.disabled': {
    when: { success: 'The account was disabled; all its sessions ended.' },
    data: ['from', 'to', 'sessions_ended', 'via'],
  },
  'user.enabled': {
    when: { success: 'The account was enabled again; the failed logins counted for it are forgiven.' },
    data: ['from', 'to', 'via'],
  },
  'user.unlocked': {
    when: { success: 'An account that was enabled was enabled once more: its failed logins are forgiven.' },
    data: ['via'],
  },
  'user.password_changed': {
    when: {
      success: 'The password became another; all other sessions ended.',
      failure: 'The present password was wrong.',
      denied: 'Too many attempts.',
    },
    data: ['reason', 'sessions_ended', ...counts],
  },
  'user.change_refused': {
    when: {
      failure: 'An admin or `pi` wanted to change or erase an account that does not exist.',
      denied: 'The change or the erasure would have left no admin.',
    },
    data: ['reason', 'wanted', 'account', 'via'],
  },
  'user.read': {
    when: {
      success: 'An admin looked at one account.',
      failure: 'An admin asked for one that does not exist.',
    },
    data: [],
  },
  'users.listed': {
    when: { success: 'An admin or `pi` listed accounts; `data` is the filter.' },
    data: ['role', 'disabled', 'limit', 'before', 'account', 'via'],
  },
  'user.imported': { when: { success: '`pi user import` made the account.' }, data: ['via'] },
  'users.exported': {
    when: { success: '`pi user export` is about to write all accounts with their hashes.' },
    data: ['via'],
  },
  'audit.listed': {
    when: { success: 'An admin or `pi` read the audit log, or began to follow it; `data` is the filter.' },
    data: ['event', 'actor_id', 'target_id', 'ip', 'from', 'to', 'limit', 'before', 'via'],
  },
  'audit.exported': {
    when: { success: '`pi audit export` is about to write the log to a file.' },
    data: ['from', 'to', 'via'],
  },
  'audit.dropped': {
    when: { success: 'Retention or `pi audit drop-before` removed whole months of the log.' },
    data: ['via', 'before', 'events', 'seal'],
  },
  'user.erased': {
    when: { success: '`pi user erase` removed an account and what the log told of the person.' },
    data: ['via', 'side_rows', 'sessions_ended', 'side_rows_of'],
  },
  'access.denied': {
    when: { denied: 'Auth or the gateway refused a request: `data.reason` says why.' },
    data: ['reason', 'fault', 'method', 'route', 'role', 'refused_at', 'issuer', 'subject', ...counts],
  },
  'keys.rotated': {
    when: { success: 'A signing key was made, or dead ones were removed.' },
    data: ['kid', 'active_at', 'removed', 'via'],
  },
  'keys.revoked': {
    when: { success: 'A signing key was withdrawn, and all tokens it signed.' },
    data: ['kid', 'replaced_by', 'via'],
  },
  'database.backed_up': {
    when: { success: '`pi backup` is about to write the whole database to a file.' },
    data: ['via'],
  },
  'database.restored': {
    when: { success: '`pi restore` filled an empty database from a backup.' },
    data: ['via', 'backup_of', 'sessions_ended'],
  },
  'master_key.changed': {
    when: { success: '`pi keys change-master` exchanged the master key, and ended all sessions.' },
    data: ['via', 'sessions_ended'],
  },
  'webhook.added': {
    when: { success: '`pi webhook add` made an endpoint; `data.events` is what it wants, null for all.' },
    data: ['webhook_id', 'host', 'events', 'via'],
  },
  'webhook.removed': {
    when: { success: '`pi webhook remove` removed an endpoint, and what waited for it.' },
    data: ['webhook_id', 'host', 'via'],
  },
  'webhook.secret_rotated': {
    when: { success: '`pi webhook rotate` made a new secret.' },
    data: ['webhook_id', 'host', 'overlap_seconds', 'via'],
  },
  'webhook.enabled': {
    when: { success: '`pi webhook enable`: it goes on where it stopped.' },
    data: ['webhook_id', 'host', 'via'],
  },
  'webhook.disabled': {
    when: {
      success: 'Nothing more is sent: by `pi webhook disable`, after three days of failures, or a 410.',
    },
    data: ['webhook_id', 'host', 'reason', 'failure', 'via'],
  },
  'webhook.tested': {
    when: { success: '`pi webhook test` made this event for the purpose.' },
    data: ['webhook_id', 'host', 'via'],
  },
  'webhook.redelivered': {
    when: { success: '`pi webhook redeliver` made deliveries due again.' },
    data: ['webhook_id', 'host', 'deliveries', 'via'],
  },
};
