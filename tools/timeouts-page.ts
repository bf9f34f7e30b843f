// The page of every wait, bound and retry that decides how the system behaves when a part of it fails. The numbers are
// read out of the code that uses them, by the name they have there: a number that moved or changed makes the page stale.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Row = {
  readonly what: string;
  /** Read from `file`: `name = 1_000`, `name: 1_000`; of nginx the directive. */
  readonly file: string;
  readonly name: string;
  readonly after: string;
};

const root = join(import.meta.dirname, '..');
const database = 'services/auth/db/database.ts';
const authFront = 'services/auth/http/build-server.ts';
const service = 'services/gateway/routing/read-service.ts';
const breaker = 'services/gateway/upstreams/circuit-breaker.ts';
const budget = 'services/gateway/upstreams/retry-budget.ts';
const redis = 'packages/redis-client/connect-redis.ts';
const limiter = 'packages/limiter/resilient-limiter.ts';
const feed = 'packages/revocation/redis-feed.ts';
const revocations = 'services/gateway/revocation/live-revocations.ts';
const keys = 'packages/access-token/remote-keys.ts';
const nginxForwarding = 'deploy/nginx/snippets/forwarding.conf';
const nginxLimits = 'deploy/nginx/snippets/limits.conf';

const sections: Readonly<Record<string, readonly Row[]>> = {
  'Auth and PostgreSQL': [
    {
      what: 'All waiting of one request for the database, however many statements',
      file: 'services/auth/db/time-budget.ts',
      name: 'perRequestMs',
      after: '503 `unavailable`',
    },
    {
      what: 'One statement or transaction',
      file: database,
      name: 'requestDeadlineMs',
      after: '503 `unavailable`',
    },
    { what: 'For a connection of the pool', file: database, name: 'acquireMs', after: '503 `unavailable`' },
    {
      what: 'Requests that wait for a connection',
      file: database,
      name: 'waitingMax',
      after: '503 `overloaded`',
    },
    {
      what: '`statement_timeout` ends before the deadline by',
      file: database,
      name: 'statementSpareMs',
      after: 'the server cancels, the connection stays',
    },
    {
      what: '`lock_timeout` ends before the deadline by',
      file: database,
      name: 'lockSpareMs',
      after: '503 `unavailable`',
    },
    {
      what: '`idle_in_transaction_session_timeout` ends after the deadline by',
      file: database,
      name: 'idleInTransactionSpareMs',
      after: 'the server rolls back and lets go of the locks',
    },
    { what: 'A connection nobody uses', file: database, name: 'idleConnectionMs', after: 'closed' },
    {
      what: '`idle_session_timeout` ends after that by',
      file: database,
      name: 'idleSessionSpareMs',
      after: 'the server closes it: its client vanished without a word',
    },
    {
      what: 'Following the database: keys and revocations of other auths',
      file: 'services/auth/background/follow.ts',
      name: 'followMs',
      after: 'logged, and tried again at the next tick',
    },
    {
      what: 'A migration: for its turn among processes',
      file: 'services/auth/db/migrate.ts',
      name: 'lockWaitMs',
      after: 'the start fails',
    },
    {
      what: 'A migration: for a table (`lock_timeout`), again and again',
      file: 'services/auth/db/migrate.ts',
      name: 'tableLockMs',
      after: 'whoever waited behind it goes first',
    },
  ],
  'Auth and gateway, and Redis': [
    {
      what: 'A request for its limit',
      file: limiter,
      name: 'answerMs',
      after: 'counted in this process from then on',
    },
    {
      what: 'Between two looks for a lost Redis, at first',
      file: limiter,
      name: 'first',
      after: 'twice as long',
    },
    { what: 'Between two looks for a lost Redis, at most', file: limiter, name: 'most', after: 'again' },
    { what: 'For a connection', file: redis, name: 'connectTimeout', after: 'tried again' },
    {
      what: 'Before it connects anew, at first (half to all of it, by chance)',
      file: redis,
      name: 'first',
      after: 'twice as long',
    },
    { what: 'Before it connects anew, at most', file: redis, name: 'most', after: 'again' },
    {
      what: 'A revocation to be published',
      file: feed,
      name: 'publishTimeoutMs',
      after: 'waits, and gateways ask auth',
    },
    { what: 'Between two tries to publish', file: feed, name: 'publishRetryMs', after: 'again' },
    {
      what: 'Revocations that wait for Redis',
      file: feed,
      name: 'waitingMax',
      after: 'the oldest are left to polling',
    },
  ],
  'Gateway and auth, in the background': [
    {
      what: 'One fetch of keys or revocations',
      file: 'packages/access-token/fetch-json.ts',
      name: 'timeoutMs',
      after: 'the last good set stays',
    },
    {
      what: 'Between two tries for keys, none loaded yet, at first',
      file: keys,
      name: 'retryMsMin',
      after: 'twice as long',
    },
    {
      what: 'Between two tries for keys, none loaded yet, at most',
      file: keys,
      name: 'retryMsMax',
      after: 'again',
    },
    {
      what: 'A feed without a word',
      file: revocations,
      name: 'silentAfterMs',
      after: 'auth is asked instead',
    },
    { what: 'Between two questions meanwhile', file: revocations, name: 'pollSilentMs', after: 'again' },
    {
      what: 'Nobody has told of revocations, neither feed nor auth',
      file: revocations,
      name: 'staleAfterMs',
      after: '503 on routes that demand a role; the others go on',
    },
    {
      what: 'A report of refusals to be taken by auth',
      file: 'services/gateway/observe/send-report.ts',
      name: 'answerMs',
      after: 'it is sent again, later each time',
    },
  ],
  'Gateway and services (`gateway.yaml` sets them for each)': [
    {
      what: '`connect_ms`: for a connection',
      file: service,
      name: 'connectMs',
      after: '502 `upstream_unreachable`',
    },
    {
      what: '`headers_ms`: for the head of the answer',
      file: service,
      name: 'headersMs',
      after: '504 `upstream_timeout`',
    },
    {
      what: '`idle_ms`: without a byte after it',
      file: service,
      name: 'idleMs',
      after: 'the connection is cut',
    },
    {
      what: '`tunnel_idle_ms`: a WebSocket without a byte',
      file: service,
      name: 'tunnelIdleMs',
      after: 'closed',
    },
    {
      what: '`max_pending`: requests that wait for an answer',
      file: service,
      name: 'maxPending',
      after: '503 `overloaded`',
    },
    {
      what: '`retries`, where nothing can happen twice',
      file: service,
      name: 'retries',
      after: 'the failure is told',
    },
    {
      what: 'Retries a request adds to the budget',
      file: budget,
      name: 'perRequest',
      after: 'none without budget',
    },
    { what: 'Retries in the budget at most', file: budget, name: 'storeMax', after: 'none without budget' },
    {
      what: 'The breaker stays open, at first',
      file: breaker,
      name: 'restMsMin',
      after: 'one request tries, then twice as long',
    },
    { what: 'The breaker stays open, at most', file: breaker, name: 'restMsMax', after: 'one request tries' },
    {
      what: 'A kept connection to a service, unused',
      file: 'services/gateway/proxy/undici-transport.ts',
      name: 'keepAliveMs',
      after: 'closed, before the service does',
    },
  ],
  'Clients of auth and gateway': [
    { what: 'Auth: for the header block', file: authFront, name: 'headersTimeoutMs', after: 'closed' },
    { what: 'Auth: for a whole request', file: authFront, name: 'requestTimeoutMs', after: 'closed' },
    {
      what: 'Auth: an idle connection',
      file: authFront,
      name: 'keepAliveTimeoutMs',
      after: 'closed, after the gateway would',
    },
    { what: 'Auth: connections', file: authFront, name: 'maxConnections', after: 'closed at once' },
    {
      what: 'Auth: a password hash to begin',
      file: 'services/auth/deps.ts',
      name: 'hashWaitMsMax',
      after: '503 `overloaded`',
    },
    {
      what: 'Auth: a mail to be taken',
      file: 'services/auth/mail/mailer.ts',
      name: 'timeoutMs',
      after: '503 `unavailable`',
    },
    {
      what: 'Auth: requests under way at the end',
      file: 'services/auth/app.ts',
      name: 'drainMs',
      after: 'cut',
    },
    {
      what: 'Gateway: for the header block',
      file: 'services/gateway/app.ts',
      name: 'headersTimeoutMs',
      after: 'closed',
    },
    {
      what: 'Gateway: an idle connection',
      file: 'services/gateway/app.ts',
      name: 'keepAliveTimeoutMs',
      after: 'closed, after nginx would',
    },
    {
      what: 'Gateway: requests under way at the end',
      file: 'services/gateway/app.ts',
      name: 'drainMs',
      after: 'cut',
    },
  ],
  nginx: [
    {
      what: 'For the header block',
      file: nginxLimits,
      name: 'client_header_timeout',
      after: '400 `malformed_request`',
    },
    {
      what: 'Between two reads of a body',
      file: nginxLimits,
      name: 'client_body_timeout',
      after: '400 `malformed_request`',
    },
    { what: 'Between two writes of an answer', file: nginxLimits, name: 'send_timeout', after: 'closed' },
    { what: 'An idle connection of a client', file: nginxLimits, name: 'keepalive_timeout', after: 'closed' },
    { what: 'For a gateway', file: nginxForwarding, name: 'proxy_connect_timeout', after: 'the next one' },
    {
      what: 'All gateways together',
      file: nginxForwarding,
      name: 'proxy_next_upstream_timeout',
      after: '502',
    },
    {
      what: 'An old worker after a reload',
      file: 'deploy/nginx/nginx.conf.template',
      name: 'worker_shutdown_timeout',
      after: 'cut',
    },
  ],
  'Servers that `npm start` and `npm run stack` keep running': [
    {
      what: 'Before a server that ended is started again, at first',
      file: 'launch/supervise.ts',
      name: 'first',
      after: 'twice as long',
    },
    { what: 'The same, at most', file: 'launch/supervise.ts', name: 'most', after: 'again' },
    {
      what: 'It lived so long: the wait begins anew',
      file: 'launch/supervise.ts',
      name: 'forgottenAfter',
      after: '–',
    },
  ],
};

/** The literal behind a name in TypeScript, or of an nginx directive. @throws {Error} when it is not there. */
function readNumber(file: string, name: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern = file.endsWith('.ts')
    ? new RegExp(String.raw`\b${name}\b[^;]{0,160}?(?:=|:|\?\?) ([\d_.]+)\b`)
    : new RegExp(String.raw`^\s*${name} (\S+);`, 'm');
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${file} has no ${name}`);
  return found;
}

function withUnit({ file, name }: Row): string {
  const value = readNumber(file, name);
  if (!file.endsWith('.ts')) return value.replace(/^(\d+)([smhd])$/, '$1 $2');
  const number = Number(value.replaceAll('_', ''));
  const isCount = /Max$|^maxPending$|^maxConnections$|^retries$|^perRequest$/.test(name) && !/Ms/.test(name);
  if (isCount) return String(number);
  return number >= 1000 ? `${number / 1000} s` : `${number} ms`;
}

export function timeoutsPage(): string {
  const parts = Object.entries(sections).map(([title, rows]) => {
    const lines = rows.map(
      (row) => `| ${row.what} | ${withUnit(row)} | ${row.after} | [\`${row.name}\`](../../${row.file}) |`,
    );
    return `## ${title}\n\n| what waits, or is bounded | | then | where |\n|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  return `# Timeouts, bounds and retries

<!-- Generated by tools/timeouts-page.ts from the code that is named in each row: edit it there. -->

Every wait has an end, every queue a bound, every retry a budget. A part that fails is waited for so long and no longer;
what follows is the same each time. Pools are set by \`DATABASE_POOL_MAX\` ([configuration](configuration.md)); how all of
it behaves together is shown in [faults](../explanation/faults.md).

${parts.join('\n')}`;
}
