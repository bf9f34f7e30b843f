// Every URL of the service, each in exactly one block. Open: no token is looked at. Signed in: a living access
// token. Admin: one with that role. Service: a client of SERVICE_CLIENTS. Internal: our own gateway's calls, which prove themselves.

import type { AuthDeps } from './deps.ts';
import type { OpenEndpoint, ServiceEndpoint, SignedInEndpoint } from './http/endpoint.ts';
import { activityList } from './routes/activity-list.ts';
import { auditList } from './routes/audit-list.ts';
import { auditStream } from './routes/audit-stream.ts';
import { healthGet } from './routes/health-get.ts';
import { jwksGet } from './routes/jwks-get.ts';
import { metadataGet } from './routes/metadata-get.ts';
import { openapiGet } from './routes/openapi-get.ts';
import { passwordChange } from './routes/password-change.ts';
import { readinessGet } from './routes/readiness-get.ts';
import { refusalReport } from './routes/refusal-report.ts';
import { revocationsGet } from './routes/revocations-get.ts';
import { sessionCreate } from './routes/session-create.ts';
import { sessionDelete } from './routes/session-delete.ts';
import { sessionDeleteOthers } from './routes/session-delete-others.ts';
import { sessionList } from './routes/session-list.ts';
import { sessionLogout } from './routes/session-logout.ts';
import { sessionRefresh } from './routes/session-refresh.ts';
import { tokenIntrospect } from './routes/token-introspect.ts';
import { tokenRevoke } from './routes/token-revoke.ts';
import { userConfirm } from './routes/user-confirm.ts';
import { userGet } from './routes/user-get.ts';
import { userList } from './routes/user-list.ts';
import { userMe } from './routes/user-me.ts';
import { userRegister } from './routes/user-register.ts';
import { userSessionsDelete } from './routes/user-sessions-delete.ts';
import { userUpdate } from './routes/user-update.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Row<E> = readonly [method: Method, url: string, endpoint: E];

export type Routes = {
  readonly open: readonly Row<OpenEndpoint>[];
  readonly signedIn: readonly Row<SignedInEndpoint>[];
  readonly admin: readonly Row<SignedInEndpoint>[];
  readonly service: readonly Row<ServiceEndpoint>[];
  readonly internal: readonly Row<OpenEndpoint>[];
};

/** `describe` gives the OpenAPI document of the whole table. */
export function routes(deps: AuthDeps, describe: () => unknown): Routes {
  return {
    open: [
      ['POST', '/auth/register', userRegister(deps)],
      ['POST', '/auth/register/confirm', userConfirm(deps)],
      ['POST', '/auth/login', sessionCreate(deps)],
      ['POST', '/auth/refresh', sessionRefresh(deps)],
      ['POST', '/auth/logout', sessionLogout(deps)],
      ['GET', '/.well-known/jwks.json', jwksGet(deps)],
      ['GET', '/.well-known/oauth-authorization-server', metadataGet(deps)],
      ['GET', '/openapi.json', openapiGet(describe)],
      ['GET', '/health', healthGet()],
      ['GET', '/livez', healthGet()],
      ['GET', '/readyz', readinessGet(deps)],
    ],
    signedIn: [
      ['GET', '/auth/me', userMe()],
      ['GET', '/auth/activity', activityList(deps)],
      ['POST', '/auth/password', passwordChange(deps)],
      ['GET', '/auth/sessions', sessionList(deps)],
      ['DELETE', '/auth/sessions', sessionDeleteOthers(deps)],
      ['DELETE', '/auth/sessions/:id', sessionDelete(deps)],
    ],
    admin: [
      ['GET', '/admin/users', userList(deps)],
      ['GET', '/admin/users/:id', userGet(deps)],
      ['PATCH', '/admin/users/:id', userUpdate(deps)],
      ['DELETE', '/admin/users/:id/sessions', userSessionsDelete(deps)],
      ['GET', '/admin/audit', auditList(deps)],
      ['GET', '/admin/audit/stream', auditStream(deps)],
    ],
    service: [
      ['POST', '/oauth/introspect', tokenIntrospect(deps)],
      ['POST', '/oauth/revoke', tokenRevoke(deps)],
    ],
    internal: [
      ['GET', '/internal/revocations', revocationsGet(deps)],
      ['POST', '/internal/refusals', refusalReport(deps)],
    ],
  };
}
