// What went wrong on the way to a service, in words of a closed set: they stand in the access log and as a label of
// the metrics, so no library's code gets there as it is.

import type { Reason } from '../observe/proxy-status.ts';

/** A connection could not be opened. */
const connectReasons: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'connect_timeout',
  EHOSTUNREACH: 'no_route',
  ENETUNREACH: 'no_route',
  ENOTFOUND: 'name_unknown',
  EAI_AGAIN: 'name_unknown',
  EAI_FAIL: 'name_unknown',
  ENODATA: 'name_unknown',
  // A unix socket.
  ENOENT: 'socket_missing',
  EACCES: 'socket_not_permitted',
  EMFILE: 'out_of_descriptors',
  ENFILE: 'out_of_descriptors',
  EADDRNOTAVAIL: 'out_of_ports',
  OTHER_PROTOCOL: 'tls_other_protocol',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'tls_other_protocol',
  // It does not speak HTTP/2.
  ERR_HTTP2_ERROR: 'other_protocol',
  ERR_HTTP2_SESSION_ERROR: 'other_protocol',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_wrong_name',
  CERT_HAS_EXPIRED: 'tls_expired',
  CERT_NOT_YET_VALID: 'tls_expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_unknown_issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_unknown_issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_unknown_issuer',
};

export function connectReason(code: string): Reason {
  const known = connectReasons[code];
  if (known !== undefined) return known;
  if (refusesClient(code)) return 'tls_client_refused';
  return /^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO)/.test(code) ? 'tls_failed' : 'connect_failed';
}

/** A connection was there and brought no proper answer. */
const answerReasons: Readonly<Record<string, Reason>> = {
  UND_ERR_HEADERS_OVERFLOW: 'head_too_large',
  HPE_HEADER_OVERFLOW: 'head_too_large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answer_cut',
  UND_ERR_SOCKET: 'answer_cut',
  UPSTREAM_RESET: 'answer_cut',
  ECONNRESET: 'answer_cut',
  EPIPE: 'answer_cut',
  HPE_INVALID_EOF_STATE: 'answer_cut',
};

export function answerReason(code: string): Reason {
  // TLS 1.3 ends the handshake before the service has judged our certificate: its alert comes like an answer.
  if (refusesClient(code)) return 'tls_client_refused';
  return answerReasons[code] ?? 'invalid_answer';
}

function refusesClient(code: string): boolean {
  return /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE|ACCESS_DENIED)$/.test(
    code,
  );
}
