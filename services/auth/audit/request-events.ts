// Every route and what each of its outcomes leaves in the audit log; a test holds it against the route table. What
// leaves nothing says why. For docs/reference/audit-events.md.

import type { AuditEventName } from './audit-event.ts';

type Leaves = AuditEventName | `none: ${string}`;
export type RouteOutcome = readonly [outcome: string, leaves: Leaves];

const readsNothing = (why: string): readonly RouteOutcome[] => [['every answer', `none: ${why}`]];
const tells = 'tells nothing of anybody';

export const requestEvents: Readonly<Record<string, readonly RouteOutcome[]>> = {
  'POST /auth/register': [
    ['201', 'user.registered'],
    ['202', 'registration.requested'],
    ['403, 409, 429', 'registration.refused'],
  ],
  'POST /auth/register/confirm': [
    ['201', 'user.registered'],
    ['403, 409, and 422 for the token or the password', 'registration.refused'],
  ],
  'POST /auth/login': [
    ['200', 'login.succeeded'],
    ['200 that ends the oldest sessions', 'session.revoked'],
    ['401', 'login.failed'],
    ['429', 'login.rate_limited'],
  ],
  'POST /auth/refresh': [
    ['200 `rotated`', 'token.refreshed'],
    ['200 `repeated`', 'none: the same successor once more'],
    ['401 for a used token', 'token.reuse_detected'],
    ['401', 'token.refused'],
  ],
  'POST /auth/logout': [
    ['204', 'logout'],
    ['204 for what was over already', 'none: nothing has changed'],
    ['401', 'access.denied'],
  ],
  'GET /auth/me': readsNothing('the own account'),
  'POST /auth/password': [['204, 401 `invalid_credentials`, 429', 'user.password_changed']],
  'GET /auth/activity': readsNothing('the own trail'),
  'GET /auth/sessions': readsNothing('the own sessions'),
  'DELETE /auth/sessions': [['204, one each session', 'session.revoked']],
  'DELETE /auth/sessions/:id': [
    ['204', 'session.revoked'],
    ["404: it may be another's", 'access.denied'],
  ],
  'GET /admin/users': [['200', 'users.listed']],
  'GET /admin/users/:id': [['200, 404', 'user.read']],
  'PATCH /admin/users/:id': [
    ['200 with another role', 'user.role_changed'],
    ['200 with `disabled: true`', 'user.disabled'],
    ['200 with `disabled: false`', 'user.enabled'],
    ['200 with `disabled: false` for one that was enabled', 'user.unlocked'],
    ['200 for what was so already', 'none: nothing has changed'],
    ['404, 409', 'user.change_refused'],
  ],
  'DELETE /admin/users/:id/sessions': [
    ['204, one each session', 'session.revoked'],
    ['404', 'user.change_refused'],
  ],
  'GET /admin/audit': [['200', 'audit.listed']],
  'GET /admin/audit/stream': [['200', 'audit.listed']],
  'POST /oauth/introspect': [
    ['200', 'none: as with the check of a token, for each of a service’s own requests'],
    ['401 with credentials', 'access.denied'],
  ],
  'POST /oauth/revoke': [
    ['200', 'session.revoked'],
    ['200 for what was over already', 'none: nothing has changed'],
    ['401 with credentials', 'access.denied'],
  ],
  'GET /internal/revocations': [['404 with a wrong proof', 'access.denied']],
  'POST /internal/refusals': [
    ['204, one each refusal', 'access.denied'],
    ['404 with a wrong proof', 'access.denied'],
  ],
  'GET /.well-known/jwks.json': readsNothing(tells),
  'GET /.well-known/oauth-authorization-server': readsNothing(tells),
  'GET /openapi.json': readsNothing(tells),
  'GET /health': readsNothing(tells),
  'GET /livez': readsNothing(tells),
  'GET /readyz': readsNothing(tells),
};

/** What does not begin with a request to auth. */
export const otherEvents: Readonly<Record<string, readonly RouteOutcome[]>> = {
  'Every route that needs a token': [
    ['401 `invalid_token`', 'access.denied'],
    ['401 `missing_token`', 'none: nobody has claimed anything; it stands in the access log'],
  ],
  'Every route for admins': [['403', 'access.denied']],
  'Every route': [['400, 405, 413, 415, 422, 5xx', 'none: nothing was decided about anybody']],
  'The gateway': [
    ['401 `invalid_token`, 403, 429 of a route’s own limit', 'access.denied'],
    ['every other refusal', 'none: nothing was decided about anybody; it stands in the access log'],
  ],
  'The service by itself': [
    ['the first admin', 'user.registered'],
    ['the rotation of signing keys', 'keys.rotated'],
    ['retention', 'audit.dropped'],
  ],
  '`pi user`': [
    ['create', 'user.registered'],
    ['role', 'user.role_changed'],
    ['disable', 'user.disabled'],
    ['enable', 'user.enabled'],
    ['enable for one that was enabled, where the services count failed logins in Redis', 'user.unlocked'],
    ['role, disable, enable or erase that is refused', 'user.change_refused'],
    ['list', 'users.listed'],
    ['import, one each account', 'user.imported'],
    ['export', 'users.exported'],
    ['erase', 'user.erased'],
  ],
  '`pi keys`': [
    ['rotate', 'keys.rotated'],
    ['revoke', 'keys.revoked'],
    ['change-master', 'master_key.changed'],
  ],
  '`pi audit`': [
    ['list', 'audit.listed'],
    ['export', 'audit.exported'],
    ['drop-before', 'audit.dropped'],
  ],
  '`pi webhook`': [
    ['add', 'webhook.added'],
    ['remove', 'webhook.removed'],
    ['rotate', 'webhook.secret_rotated'],
    ['enable', 'webhook.enabled'],
    ['disable, and a receiver that failed for long', 'webhook.disabled'],
    ['test', 'webhook.tested'],
    ['redeliver', 'webhook.redelivered'],
  ],
  '`pi backup`, `pi restore`': [
    ['backup', 'database.backed_up'],
    ['restore', 'database.restored'],
  ],
};
