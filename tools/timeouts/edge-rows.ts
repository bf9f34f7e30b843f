// What waits at the edges: clients, nginx, and servers that are started again.

import type { Sections } from './row.ts';

const authFront = 'services/auth/http/build-server.ts';
const nginxForwarding = 'deploy/nginx/snippets/forwarding.conf';
const nginxLimits = 'deploy/nginx/snippets/limits.conf';

export const edgeRows: Sections = {
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
