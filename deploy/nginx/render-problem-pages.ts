// nginx's own errors as problem documents, from the one table of codes, so that an answer of nginx and one of the
// gateway cannot be told apart. Each page is an internal exact location with `return`: a named location would turn
// malformed requests into nginx's HTML 500.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { encodeProblem } from '@pi-gateway/problem/encode-problem.ts';
import type { ProblemCode } from '@pi-gateway/problem/problems.ts';

// What nginx may answer by itself → the code it stands for. 494: head too large; 495–497: TLS; 403: no page here.
const pages: readonly { readonly code: ProblemCode; readonly statuses: readonly number[] }[] = [
  { code: 'malformed_request', statuses: [400, 408, 411, 495, 496, 497] },
  { code: 'not_found', statuses: [403, 404] },
  { code: 'method_not_allowed', statuses: [405] },
  { code: 'payload_too_large', statuses: [413] },
  { code: 'uri_too_long', statuses: [414] },
  { code: 'unsupported_media_type', statuses: [415] },
  { code: 'expectation_failed', statuses: [417] },
  { code: 'misdirected_request', statuses: [421] },
  { code: 'rate_limited', statuses: [429] },
  { code: 'headers_too_large', statuses: [431, 494] },
  { code: 'internal', statuses: [500] },
  { code: 'not_implemented', statuses: [501] },
  { code: 'upstream_unreachable', statuses: [502] },
  { code: 'overloaded', statuses: [503] },
  { code: 'upstream_timeout', statuses: [504] },
  { code: 'http_version_not_supported', statuses: [505] },
];

const extraHeaders: Partial<Record<ProblemCode, Readonly<Record<string, string>>>> = {
  method_not_allowed: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' },
  rate_limited: {
    'retry-after': '1',
    ratelimit: '"connections";r=0;t=1',
    'ratelimit-policy': '"connections";q=$connection_limit;w=1',
  },
};

// nginx sets these from the text itself.
const setByNginx = new Set(['content-type', 'content-length']);
const requestId = '$entry_request_id';

function renderPage(code: ProblemCode, statuses: readonly number[]): string {
  const { status, headers, body } = encodeProblem(
    new AppError(code, { headers: extraHeaders[code] ?? {} }),
    requestId,
  );
  const lines = Object.entries(headers)
    .filter(([name]) => !setByNginx.has(name))
    .map(([name, value]) => `  add_header ${name} '${value}' always;`);
  return [
    ...statuses.map((one) => `error_page ${one} ${one === status ? '' : `=${status} `}/__problem/${code};`),
    `location = /__problem/${code} {`,
    '  internal;',
    '  types {} default_type application/problem+json;',
    ...lines,
    // What the server block says is lost where a location has headers of its own.
    '  add_header strict-transport-security $strict_transport_security always;',
    `  return ${status} '${body.replaceAll("'", "\\'")}';`,
    '}',
  ].join('\n');
}

/** The text of snippets/problem-pages.conf. */
export function renderProblemPages(): string {
  const head =
    '# Made by `node deploy/nginx/write-problem-pages.ts` from packages/problem; a test tells when it is stale.\n';
  return `${head}\n${pages.map(({ code, statuses }) => renderPage(code, statuses)).join('\n\n')}\n`;
}
