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
