// Why a request was not answered by its service: the one table of reasons (access log, metrics) and what each is in
// the registry of RFC 9209, whose Proxy-Status field tells a client, or whoever debugs for him, which hop refused.
// The field names the gateway by a fixed word and no next hop: nobody outside learns what stands behind.

import type { ProblemCode } from '@pi-gateway/problem/problems.ts';

/** Undefined in the table: nothing is answered, the client has left or his connection is cut. */
type ProxyError =
  | 'connection_limit_reached'
  | 'connection_read_timeout'
  | 'connection_refused'
  | 'connection_terminated'
  | 'connection_timeout'
  | 'destination_ip_unroutable'
  | 'destination_not_found'
  | 'destination_unavailable'
  | 'dns_error'
  | 'http_protocol_error'
  | 'http_request_denied'
  | 'http_request_error'
  | 'http_response_header_section_size'
  | 'http_response_incomplete'
  | 'http_response_timeout'
  | 'http_response_trailer_section_size'
  | 'http_response_transfer_coding'
  | 'proxy_configuration_error'
  | 'proxy_internal_error'
  | 'proxy_internal_response'
  | 'tls_alert_received'
  | 'tls_certificate_error'
  | 'tls_protocol_error';

const refusals = {
  // A connection could not be opened.
  connection_refused: 'connection_refused',
  connection_reset: 'connection_terminated',
  connect_timeout: 'connection_timeout',
  connect_failed: 'destination_unavailable',
  no_route: 'destination_ip_unroutable',
  name_unknown: 'dns_error',
  socket_missing: 'destination_unavailable',
  socket_not_permitted: 'proxy_configuration_error',
  out_of_descriptors: 'proxy_internal_error',
  out_of_ports: 'proxy_internal_error',
  too_many_waiting: 'connection_limit_reached',
  client_closed: 'proxy_internal_error',
  other_protocol: 'http_protocol_error',
  stream_refused: 'destination_unavailable',
  tls_other_protocol: 'tls_protocol_error',
  tls_wrong_name: 'tls_certificate_error',
  tls_expired: 'tls_certificate_error',
  tls_unknown_issuer: 'tls_certificate_error',
  tls_client_refused: 'tls_alert_received',
  tls_failed: 'tls_protocol_error',
  // A connection was there and brought no proper answer.
  closed_without_answer: 'connection_terminated',
  stream_reset: 'http_response_incomplete',
  answer_cut: 'http_response_incomplete',
  invalid_answer: 'http_protocol_error',
  bad_status_line: 'http_protocol_error',
  bad_field: 'http_protocol_error',
  bad_framing: 'http_protocol_error',
  bad_chunk: 'http_response_transfer_coding',
  no_framing: 'http_protocol_error',
  head_too_large: 'http_response_header_section_size',
  trailer_too_large: 'http_response_trailer_section_size',
  too_many_informations: 'http_protocol_error',
  unrequested_upgrade: 'http_protocol_error',
  headers_timeout: 'http_response_timeout',
  idle_timeout: 'connection_read_timeout',
  total_timeout: 'http_response_timeout',
  body_failed: 'proxy_internal_error',
  sink_failed: 'proxy_internal_error',
  invalid_trailer: undefined,
  // The client.
  too_large: 'http_request_error',
  too_slow: undefined,
  client_gone: undefined,
  // A limit of the file.
  shed: 'proxy_internal_response',
  route_full: 'proxy_internal_response',
  caller_full: 'http_request_denied',
  cors_refused: 'http_request_denied',
} as const satisfies Record<string, ProxyError | undefined>;

/** Where the problem's own code is all there is to say. Some are auth's alone and never met here. */
const problems = {
  malformed_request: 'http_request_error',
  missing_token: 'http_request_denied',
  invalid_token: 'http_request_denied',
  invalid_credentials: 'http_request_denied',
  invalid_refresh_token: 'http_request_denied',
  insufficient_role: 'http_request_denied',
  registration_closed: 'http_request_denied',
  not_found: 'destination_not_found',
  method_not_allowed: 'http_request_error',
  email_taken: 'http_request_error',
  last_admin: 'http_request_error',
  payload_too_large: 'http_request_error',
  uri_too_long: 'http_request_error',
  unsupported_media_type: 'http_request_error',
  expectation_failed: 'http_request_error',
  misdirected_request: 'http_request_error',
  validation_failed: 'http_request_error',
  upgrade_required: 'http_request_error',
  rate_limited: 'http_request_denied',
  headers_too_large: 'http_request_error',
  internal: 'proxy_internal_error',
  not_implemented: 'proxy_internal_response',
  upstream_unreachable: 'destination_unavailable',
  upstream_invalid: 'http_protocol_error',
  unavailable: 'proxy_internal_error',
  overloaded: 'connection_limit_reached',
  upstream_timeout: 'http_response_timeout',
  http_version_not_supported: 'proxy_internal_response',
} as const satisfies Record<ProblemCode, ProxyError>;

/** The closed set of reasons. */
export const reasons = { ...problems, ...refusals };
export type Reason = keyof typeof reasons;

const name = 'pi-gateway';

/** The field's value on an answer that the gateway makes itself; undefined when there is nothing to say. */
export function refusedStatus(reason: Reason): string | undefined {
  const error: ProxyError | undefined = reasons[reason];
  return error === undefined ? undefined : `${name}; error=${error}`;
}

/** The same on a service's own answer: tells it from one of the gateway's. Other hops' members stand before it. */
export function receivedStatus(status: number): string {
  return `${name}; received-status=${status}`;
}
