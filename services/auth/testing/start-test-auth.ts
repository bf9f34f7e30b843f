// A whole auth service for tests, on a database of its own: the real routes over real HTTP. Mail is written to
// a folder; limits are off unless a test sets them.

import { randomBytes } from 'node:crypto';
import { createLog } from '@pi-gateway/log/log.ts';
import { throwawayFolder } from '../../../launch/testing/throwaway-folder.ts';
import { startAuth } from '../app.ts';
import { type AuthConfig, readAuthConfig } from '../config.ts';
import { type AuthDeps, openAuthDeps } from '../deps.ts';

type Json = Record<string, unknown>;

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Json };

export type TestAuth = {
  readonly url: string;
  readonly config: AuthConfig;
  readonly deps: AuthDeps;
  readonly admin: { readonly email: string; readonly password: string };
  /** Sends JSON when there is a body; `token` goes into Authorization. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  register(email?: string): Promise<{ readonly id: string; readonly email: string }>;
  login(email: string, password?: string): Promise<Tokens>;
  close(): Promise<void>;
};

type CallOptions = {
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Record<string, string>;
};

type Tokens = { readonly access_token: string; readonly refresh_token: string };

export const testPassword = 'StrongPass123';
const adminPassword = 'correct-horse-battery';

/** `env` overrides the settings; keep `masterKey` and the database to start a second process on them. */
export async function startTestAuth(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TestAuth> {
  const config = readAuthConfig({
    DATABASE_URL: databaseUrl,
    MASTER_KEY: randomBytes(32).toString('hex'),
    AUTH_PORT: '0',
    AUTH_METRICS_PORT: 'off',
    DATA_DIR: throwawayFolder(),
    ADMIN_PASSWORD: adminPassword,
    RATE_LIMIT_LOGIN_PER_IP: 'off',
    RATE_LIMIT_LOGIN_PER_ACCOUNT: 'off',
    RATE_LIMIT_REGISTER_PER_IP: 'off',
    LOG_LEVEL: 'silent',
    ...env,
  });
  const deps = await openAuthDeps(config, { log: createLog({ service: 'auth', level: config.logLevel }) });
  const auth = await startAuth(config, deps);
  const call = (method: string, path: string, options?: CallOptions) =>
    send(auth.url + path, method, options);

  return {
    url: auth.url,
    config,
    deps,
    admin: { email: config.adminEmail, password: adminPassword },
    call,
    async register(email = `${randomBytes(6).toString('hex')}@example.com`) {
      const answer = await call('POST', '/auth/register', { body: { email, password: testPassword } });
      if (answer.status !== 201) throw new Error(`register: ${JSON.stringify(answer.body)}`);
      return answer.body as { id: string; email: string };
    },
    async login(email, password = email === config.adminEmail ? adminPassword : testPassword) {
      const answer = await call('POST', '/auth/login', { body: { email, password } });
      if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`);
      return answer.body as Tokens;
    },
    close: () => auth.close(),
  };
}

async function send(
  url: string,
  method: string,
  { body, token, headers }: CallOptions = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Json),
  };
}
