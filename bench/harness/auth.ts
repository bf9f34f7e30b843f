// Our auth service as it runs in production, one process, on a database of its own: durable as in production, or
// without a flush to disk, so that nothing but processor time is left.

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@pi-gateway/log/log.ts';
import pg from 'pg';
import { mallocEnv } from '../../launch/node-memory.ts';
import { type RunningPostgres, startPostgres } from '../../launch/postgres.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { freePort } from '../../tools/free-port.ts';
import { benchPassword } from './bench-password.ts';
import { Processes, untilAnswers } from './processes.ts';

const allCores = `0-${availableParallelism() - 1}`;

export type AuthOptions = {
  readonly isDurable?: boolean;
  readonly cores?: string;
  readonly env?: NodeJS.ProcessEnv;
};

export type BenchAuth = {
  readonly origin: string;
  readonly port: number;
  readonly pid: number;
  /** Of the schema's owner, as which it runs. */
  readonly databaseUrl: string;
  readonly superuserUrl: string;
  /** Runs one statement as the superuser, in whatever time it takes. */
  readonly query: (text: string, values?: unknown[]) => Promise<void>;
  readonly masterKey: Buffer;
  readonly folder: string;
  readonly processes: Processes;
  /** Answers what a login answers. */
  readonly signIn: (email: string, password?: string) => Promise<Tokens>;
  readonly register: (email: string) => Promise<void>;
};

export type Tokens = { readonly access_token: string; readonly refresh_token: string };

/** Whose the tokens are. */
export function claimsOf({ access_token }: Tokens): { readonly sub: string; readonly sid: string } {
  const payload = Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString();
  return JSON.parse(payload) as { sub: string; sid: string };
}

const log = createLog({ service: 'bench', level: 'error' });

/** Starts it without limits per network, and ends it with its database. */
export async function withAuth<T>(options: AuthOptions, work: (auth: BenchAuth) => Promise<T>): Promise<T> {
  const { isDurable = false, cores = allCores, env = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pi-bench-'));
  chmodSync(folder, 0o711); // the database server has another account
  const processes = new Processes();
  const server = isDurable ? await startPostgres({ dir: join(folder, 'postgres'), log }) : undefined;
  try {
    const { databaseUrl, superuserUrl } = await chooseDatabase(server);
    const port = await freePort();
    const masterKey = randomBytes(32);
    const pid = processes.start(cores, [process.execPath, 'services/auth/main.ts'], {
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...mallocEnv,
      DATABASE_URL: databaseUrl,
      DATA_DIR: join(folder, 'auth'),
      MASTER_KEY: masterKey.toString('hex'),
      AUTH_PORT: String(port),
      AUTH_METRICS_PORT: 'off',
      LOG_LEVEL: 'error',
      RATE_LIMIT_LOGIN_PER_IP: 'off',
      RATE_LIMIT_REGISTER_PER_IP: 'off',
      ...env,
    });
    const origin = `http://127.0.0.1:${port}`;
    await untilAnswers(`${origin}/readyz`);
    return await work({
      origin,
      port,
      pid,
      databaseUrl,
      superuserUrl,
      query: (text, values = []) => runStatement(superuserUrl, text, values),
      masterKey,
      folder,
      processes,
      async signIn(email, password = benchPassword) {
        return (await (await post(`${origin}/auth/login`, { email, password })).json()) as Tokens;
      },
      async register(email) {
        await post(`${origin}/auth/register`, { email, password: benchPassword });
      },
    });
  } finally {
    await processes.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The one of the server, or one of the server for tests. */
async function chooseDatabase(server: RunningPostgres | undefined) {
  if (server === undefined) {
    const { url, superuserUrl } = await createTestDatabase();
    return { databaseUrl: url, superuserUrl };
  }
  const superuser = new URL(server.superuserUrl);
  superuser.pathname = new URL(server.ownerUrl).pathname;
  return { databaseUrl: server.ownerUrl, superuserUrl: superuser.href };
}

async function runStatement(url: string, text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}

/** @throws {Error} for any answer but a 2xx. */
async function post(url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}
