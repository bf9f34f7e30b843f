// The README's walk against any base URL: register, login, me, refresh, logout, an admin call, a 401, a 403 and a
// 429, each answer checked by status and code.

import assert from 'node:assert/strict';
import type { Admin } from './spawn-system.ts';

export const walker = { email: 'user@example.com', password: 'StrongPass123' };

export type Tokens = { readonly access_token: string; readonly refresh_token: string };
type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

/** One JSON request; `token` goes as a bearer. */
export async function call(
  method: string,
  url: string,
  options: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body };
}

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status);
  assert.equal(answer.body['code'], code);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
}

/** Signs in; `prefix` is `/api` everywhere but on auth's own port. */
export async function logIn(base: string, who: Admin, headers = {}, prefix = '/api'): Promise<Tokens> {
  const answer = await call('POST', `${base}${prefix}/auth/login`, {
    body: { email: who.email, password: who.password },
    headers,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Tokens;
}

/** The status of a login; 0 when there was no answer. */
export async function logInStatus(base: string, who: Admin): Promise<number> {
  const body = { email: who.email, password: who.password };
  const answer = await call('POST', `${base}/api/auth/login`, { body }).catch(() => undefined);
  return answer?.status ?? 0;
}

async function walkSessions(base: string): Promise<void> {
  const first = await logIn(base, walker);
  const me = await call('GET', `${base}/api/auth/me`, { token: first.access_token });
  assert.deepEqual([me.status, me.body['email'], me.body['role']], [200, walker.email, 'user']);

  const body = { refresh_token: first.refresh_token };
  const refreshed = await call('POST', `${base}/api/auth/refresh`, { body });
  assert.equal(refreshed.status, 200);
  assert.equal(refreshed.headers.get('x-refresh-outcome'), 'rotated');
  const second = refreshed.body as Tokens;
  assert.notEqual(second.refresh_token, first.refresh_token);

  const forbidden = await call('GET', `${base}/api/admin/users`, { token: second.access_token });
  assertProblem(forbidden, 403, 'insufficient_role');

  const loggedOut = await call('POST', `${base}/api/auth/logout`, {
    body: { refresh_token: second.refresh_token },
  });
  assert.equal(loggedOut.status, 204);
  const dead = await call('GET', `${base}/api/auth/me`, { token: second.access_token });
  assertProblem(dead, 401, 'invalid_token');
}

async function walkToLimit(base: string): Promise<void> {
  const body = { email: 'guessed@example.com', password: 'WrongPass12345' };
  for (let tries = 0; tries < 40; tries++) {
    const answer = await call('POST', `${base}/api/auth/login`, { body });
    if (answer.status === 401) continue;
    assertProblem(answer, 429, 'rate_limited');
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    assert.ok(answer.headers.has('ratelimit') && answer.headers.has('ratelimit-policy'));
    return;
  }
  assert.fail('40 wrong passwords were tried and no limit was met');
}

/** `again`: the account is there from an earlier walk. */
export async function walk(base: string, admin: Admin, again = false): Promise<void> {
  const registered = await call('POST', `${base}/api/auth/register`, { body: walker });
  if (again) assertProblem(registered, 409, 'email_taken');
  else assert.deepEqual([registered.status, registered.body['email']], [201, walker.email]);

  await walkSessions(base);

  const missing = await call('GET', `${base}/api/auth/me`);
  assertProblem(missing, 401, 'missing_token');
  assert.equal(missing.headers.get('www-authenticate'), 'Bearer');

  const { access_token: token } = await logIn(base, admin);
  const users = await call('GET', `${base}/api/admin/users`, { token });
  assert.equal(users.status, 200);
  const emails = (users.body['items'] as { email: string }[]).map(({ email }) => email);
  assert.ok(emails.includes(walker.email) && emails.includes(admin.email));

  await walkToLimit(base);
}
