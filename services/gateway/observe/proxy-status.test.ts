import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerReason, connectReason } from '../proxy/failure-reason.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';
import { reasons, refusedStatus } from './proxy-status.ts';

// The registry of HTTP Proxy Error Types, RFC 9209 sections 2.3.1 to 2.3.31.
const registered = new Set(
  `dns_timeout dns_error destination_not_found destination_unavailable destination_ip_prohibited
  destination_ip_unroutable connection_refused connection_terminated connection_timeout connection_read_timeout
  connection_write_timeout connection_limit_reached tls_protocol_error tls_certificate_error tls_alert_received
  http_request_error http_request_denied http_response_incomplete http_response_header_section_size
  http_response_header_size http_response_body_size http_response_trailer_section_size http_response_trailer_size
  http_response_transfer_coding http_response_content_coding http_response_timeout http_upgrade_failed
  http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error
  proxy_loop_detected`.split(/\s+/),
);

const setting = gatewayOnUpstream(
  (origin, closedOrigin) => `
services:
  up: { targets: ["${origin}"], timeouts: { headers_ms: 200 } }
  closed: { targets: ["${closedOrigin}"] }
routes:
  - { path: /open/*, service: up, access: public }
  - { path: /private/*, service: up }
  - { path: /closed/*, service: closed, access: public }
`,
);
const statusOf = async (path: string, ...lines: string[]) =>
  (await setting.ask(`GET ${path}`, ...lines)).headers['proxy-status'];

describe('the table', () => {
  test('every reason is in the registry of RFC 9209, but for those after which nothing is answered', () => {
    const silent = Object.entries(reasons).flatMap(([reason, error]) =>
      error === undefined ? [reason] : [],
    );
    assert.deepEqual(silent, ['invalid_trailer', 'too_slow', 'client_gone']);
    for (const [reason, error] of Object.entries(reasons)) {
      assert.ok(error === undefined || registered.has(error), `${reason}: ${error}`);
    }
  });

  test('whatever code a library fails with, the reason is one of the table', () => {
    const codes = [
      'ECONNREFUSED',
      'EPROTO',
      'CERT_REVOKED',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'X',
      '',
    ];
    for (const code of codes) {
      for (const reason of [connectReason(code), answerReason(code)]) {
        assert.match(refusedStatus(reason) ?? '', /^pi-gateway; error=[a-z_]+$/, code);
      }
    }
  });
});

describe('an answer of the gateway itself', () => {
  test('says what was wrong with the way to the service, and not where that is', async () => {
    assert.equal(await statusOf('/closed/x'), 'pi-gateway; error=connection_refused');
    setting.upstream.respond = () => undefined;
    assert.equal(await statusOf('/open/x'), 'pi-gateway; error=http_response_timeout');
    setting.upstream.respond = ({ socket }) =>
      void socket.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n');
    assert.equal(await statusOf('/open/x'), 'pi-gateway; error=http_protocol_error');
  });

  test('tells a refusal from one of the service', async () => {
    assert.equal(await statusOf('/private/x'), 'pi-gateway; error=http_request_denied');
    assert.equal(await statusOf('/nowhere'), 'pi-gateway; error=destination_not_found');
    assert.equal(await statusOf('/open/../x'), 'pi-gateway; error=http_request_error');
    assert.equal(await statusOf('/open/x', 'Expect: 200-maybe'), 'pi-gateway; error=http_request_error');
    assert.equal(setting.upstream.requests.length, 0);
  });

  test('says nothing where the gateway is the origin', async () => {
    assert.equal(await statusOf('/health'), undefined);
    assert.equal(await statusOf('/verify'), undefined);
  });
});

describe('an answer of the service', () => {
  test('a good one goes on as it is', async () => {
    assert.equal(await statusOf('/open/x'), undefined);
    setting.upstream.respond = () =>
      'HTTP/1.1 404 x\r\nproxy-status: inner; error=dns_error\r\ncontent-length: 0\r\n\r\n';
    assert.equal(await statusOf('/open/x'), 'inner; error=dns_error');
  });

  test('a failure is marked as its own, behind what other hops said of it', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 503 x\r\nproxy-status: inner; error=dns_error\r\ncontent-length: 0\r\n\r\n';
    assert.equal(await statusOf('/open/x'), 'inner; error=dns_error, pi-gateway; received-status=503');
  });
});
