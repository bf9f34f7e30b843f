// Which class of OCSF 1.3 each audit event is told in, by which activity, and how severe it is
// (https://schema.ocsf.io/1.3.0): Account Change 3001, Authentication 3002, API Activity 6003.

import type { AuditEventName } from '@pi-gateway/auth/audit/audit-event.ts';

export type OcsfClass = {
  readonly uid: 3001 | 3002 | 6003;
  readonly activity: number;
  /** What an activity outside the class's own list (99) is. */
  readonly activityName?: string;
  readonly severity: number;
};

const [informational, low, medium, high] = [1, 2, 3, 4];
const other = 99;

const account = (activity: number, severity = informational): OcsfClass => ({
  uid: 3001,
  activity,
  severity,
});
const authentication = (activity: number, severity = informational): OcsfClass => ({
  uid: 3002,
  activity,
  severity,
});
const api = (activity: number, severity = informational): OcsfClass => ({ uid: 6003, activity, severity });

const [create, read, update, remove] = [1, 2, 3, 4] as const;
const [logon, logoff] = [1, 2] as const;

export const ocsfClasses: Readonly<Record<AuditEventName, OcsfClass>> = {
  'registration.requested': { ...account(other), activityName: 'Registration Request' },
  'registration.refused': account(create, low),
  'user.registered': account(create),
  'user.imported': account(create),
  'user.enabled': account(2),
  'user.disabled': account(5),
  'user.unlocked': { ...account(other), activityName: 'Unlock' },
  'user.password_changed': account(3),
  'user.role_changed': { ...account(other, medium), activityName: 'Role Change' },
  'user.change_refused': { ...account(other, low), activityName: 'Change' },
  'user.erased': account(6, medium),
  'login.succeeded': authentication(logon),
  'login.failed': authentication(logon, low),
  'login.rate_limited': authentication(logon, medium),
  'token.refreshed': { ...authentication(other), activityName: 'Token Refresh' },
  'token.refused': { ...authentication(other, low), activityName: 'Token Refresh' },
  'token.reuse_detected': { ...authentication(other, high), activityName: 'Token Reuse' },
  logout: authentication(logoff),
  'session.revoked': authentication(logoff),
  'access.denied': { ...api(other, low), activityName: 'Access' },
  'user.read': api(read),
  'users.listed': api(read),
  'users.exported': api(read, medium),
  'audit.listed': api(read),
  'audit.dropped': api(remove, medium),
  'audit.exported': api(read, medium),
  'database.backed_up': api(read, high),
  'database.restored': api(create, high),
  'keys.rotated': api(create),
  'keys.revoked': api(remove, high),
  'master_key.changed': api(update, high),
  'webhook.added': api(create, medium),
  'webhook.removed': api(remove, medium),
  'webhook.secret_rotated': api(update),
  'webhook.enabled': api(update),
  'webhook.disabled': api(update, low),
  'webhook.tested': { ...api(other), activityName: 'Test' },
  'webhook.redelivered': { ...api(other), activityName: 'Redeliver' },
};

/** For a name of a newer version. */
export const unknownOcsfClass: OcsfClass = { ...api(other), activityName: 'Other' };
