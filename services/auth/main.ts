// The auth service as a process of its own: environment in, signals in, exit code out.

import { settleAfterStart } from '@pi-gateway/after-start/settle-after-start.ts';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { type RunningAuth, startAuth } from './app.ts';
import { readAuthConfig } from './config.ts';
import { chooseThreadPoolSize, lowerHashingPriority } from './crypto/hashing-threads.ts';
import { openAuthDeps } from './deps.ts';
import type { FirstAdmin } from './registration/first-admin.ts';

const threadPoolSize = chooseThreadPoolSize(process.env.UV_THREADPOOL_SIZE);
process.env.UV_THREADPOOL_SIZE = threadPoolSize;

async function start(): Promise<RunningAuth> {
  const config = readAuthConfig(process.env);
  const log = createLog({ service: 'auth', level: config.logLevel });
  await lowerHashingPriority();
  const deps = await openAuthDeps(config, { log, threadPoolSize });
  return startAuth(config, deps, { announceFirstAdmin: printFirstAdmin });
}

function fail(error: unknown): never {
  process.stderr.write(`auth: ${lineOf(error)}\n`);
  if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack ?? ''}\n`);
  process.exit(1);
}

/** One line for a person. What is not about a setting says at least what went wrong, not where in our code. */
function lineOf(error: unknown): string {
  if (error instanceof SettingError) return error.message;
  const { message } = (error instanceof AppError && error.cause !== undefined ? error.cause : error) as Error;
  const [line = 'unknown error'] = message.split('\n');
  return `cannot start: ${line}`;
}

const starting = start();
// From the first moment on: a signal during the start ends it cleanly too.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    starting.then((auth) => auth.close()).then(() => process.exit(0), fail);
  });
}
starting.then(settleAfterStart, fail);

/** On standard output, for a person; never in the log. */
function printFirstAdmin({ email, password }: FirstAdmin): void {
  const lines = ['The first admin, shown this once:', `  e-mail    ${email}`, `  password  ${password}`];
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '─'.repeat(width + 2);
  const rows = lines.map((line) => `│ ${line.padEnd(width)} │`);
  process.stdout.write(`${[`┌${rule}┐`, ...rows, `└${rule}┘`].join('\n')}\n`);
}
