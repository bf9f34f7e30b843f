// Every error code a client can meet, one line each: code, status, public message (RFC 9457).
// The union `ProblemCode` derives from this table; nothing else in the product invents a code.

type Problem = { readonly status: number; readonly title: string; readonly detail: string };

export const problems = {
  malformed_request: {
    status: 400,
    title: 'Malformed request',
    detail: 'The request could not be understood.',
  },
  missing_token: { status: 401, title: 'Token required', detail: 'This resource needs a bearer token.' },
  invalid_token: {
    status: 401,
    title: 'Invalid token',
    detail: 'The access token is invalid, expired or revoked.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    detail: 'The e-mail address or the password is wrong.',
  },
  invalid_refresh_token: {
    status: 401,
    title: 'Invalid refresh token',
    detail: 'The refresh token is invalid, expired or revoked.',
  },
  insufficient_role: { status: 403, title: 'Forbidden', detail: 'Your role does not permit this.' },
  registration_closed: {
    status: 403,
    title: 'Registration closed',
    detail: 'New accounts cannot be registered here.',
  },
  not_found: { status: 404, title: 'Not found', detail: 'There is nothing at this address.' },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This resource does not support the method.',
  },
  email_taken: {
    status: 409,
    title: 'E-mail taken',
    detail: 'An account with this e-mail address exists already.',
  },
  last_admin: {
    status: 409,
    title: 'Last admin',
    detail: 'The last enabled admin can be neither demoted nor disabled.',
  },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    detail: 'The request body is larger than allowed.',
  },
  uri_too_long: { status: 414, title: 'URI too long', detail: 'The request target is longer than allowed.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send application/json in UTF-8, without a content encoding.',
  },
  expectation_failed: {
    status: 417,
    title: 'Expectation failed',
    detail: 'The only expectation known is 100-continue.',
  },
  misdirected_request: {
    status: 421,
    title: 'Misdirected request',
    detail: 'This server does not answer for that host.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'The request is well-formed but its content is not valid.',
  },
  upgrade_required: {
    status: 426,
    title: 'Upgrade required',
    detail: 'This resource speaks another protocol.',
  },
  rate_limited: { status: 429, title: 'Too many requests', detail: 'A limit is used up; try again later.' },
  headers_too_large: {
    status: 431,
    title: 'Header fields too large',
    detail: 'The request header block is larger than allowed.',
  },
  internal: { status: 500, title: 'Internal error', detail: 'Something went wrong on our side.' },
  not_implemented: {
    status: 501,
    title: 'Not implemented',
    detail: 'The method or transfer coding is not implemented.',
  },
  upstream_unreachable: { status: 502, title: 'Bad gateway', detail: 'The service could not be reached.' },
  upstream_invalid: { status: 502, title: 'Bad gateway', detail: 'The service gave an invalid answer.' },
  unavailable: {
    status: 503,
    title: 'Unavailable',
    detail: 'A part this needs is not available; try again shortly.',
  },
  overloaded: { status: 503, title: 'Overloaded', detail: 'Too much work at once; try again shortly.' },
  upstream_timeout: { status: 504, title: 'Gateway timeout', detail: 'The service did not answer in time.' },
  http_version_not_supported: {
    status: 505,
    title: 'HTTP version not supported',
    detail: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.',
  },
} as const satisfies Record<string, Problem>;

export type ProblemCode = keyof typeof problems;
