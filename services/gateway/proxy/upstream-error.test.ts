import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayRetry, readFailure } from './upstream-error.ts';

const sent = { started: true, answered: false, head: false };
const reset = { code: 'ECONNRESET', socket: { bytesRead: 100 } };
const get = { method: 'GET', hasBody: false, hasOther: false };

describe('a request is tried again', () => {
  test('whatever it is, when nothing of it has reached a service', () => {
    const unreached = readFailure({ code: 'ECONNREFUSED' }, { ...sent, started: false });
    assert.equal(mayRetry(unreached, { method: 'POST', hasBody: true, hasOther: false }), true);
  });

  test('when it is idempotent, has no body, and a used connection died before the first byte', () => {
    const died = readFailure(reset, sent);
    assert.deepEqual(
      ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'].map((method) =>
        mayRetry(died, { ...get, method }),
      ),
      [true, true, true, true, true, false, false],
    );
    assert.equal(mayRetry(died, { ...get, hasBody: true }), false);
  });

  test('likewise from a new connection, but only when there is another target', () => {
    const died = readFailure({ ...reset, socket: { bytesRead: 0 } }, sent);
    assert.equal(mayRetry(died, get), false);
    assert.equal(mayRetry(died, { ...get, hasOther: true }), true);
    assert.equal(mayRetry(died, { method: 'POST', hasBody: false, hasOther: true }), false);
    assert.equal(mayRetry(died, { method: 'GET', hasBody: true, hasOther: true }), false);
  });

  test('never after the first byte of an answer, nor for a time-out', () => {
    for (const hasOther of [false, true]) {
      assert.equal(mayRetry(readFailure(reset, { ...sent, answered: true }), { ...get, hasOther }), false);
      assert.equal(
        mayRetry(readFailure({ code: 'UND_ERR_HEADERS_TIMEOUT' }, sent), { ...get, hasOther }),
        false,
      );
    }
  });
});

describe('the reason of a failure', () => {
  const reason = (code: string, started: boolean) => readFailure({ code }, { ...sent, started }).reason;

  test('is a word of our own, whatever code a library gives', () => {
    assert.equal(reason('ECONNREFUSED', false), 'connection_refused');
    assert.equal(reason('CERT_HAS_EXPIRED', false), 'tls_expired');
    assert.equal(reason('ERR_SSL_WRONG_VERSION_NUMBER', false), 'tls_failed');
    assert.equal(reason('SOMETHING_NEW', false), 'connect_failed');
    assert.equal(reason('HPE_INVALID_CONSTANT', true), 'invalid_answer');
    assert.equal(reason('SOMETHING_NEW', true), 'invalid_answer');
  });

  test('tells that the service does not take our certificate, before and after the handshake', () => {
    for (const started of [false, true]) {
      assert.equal(reason('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', started), 'tls_client_refused');
      assert.equal(reason('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', started), 'tls_client_refused');
    }
  });
});
