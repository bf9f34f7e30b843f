// What the gateway waits for: auth in the background, and services.

import type { Sections } from './row.ts';

const service = 'services/gateway/routing/read-service.ts';
const breaker = 'services/gateway/upstreams/circuit-breaker.ts';
const budget = 'services/gateway/upstreams/retry-budget.ts';
const revocations = 'services/gateway/revocation/live-revocations.ts';
const keys = 'packages/access-token/remote-keys.ts';

export const gatewayRows: Sections = {
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
};
