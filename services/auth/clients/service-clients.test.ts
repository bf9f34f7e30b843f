import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { checkServiceClient, readServiceClients } from './service-clients.ts';

const secret = 'x'.repeat(32);
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('SERVICE_CLIENTS', () => {
  test('entries stand one a line or between commas; a name may have two secrets', () => {
    const names = (text: string) => readServiceClients(text).map(({ name }) => name);
    assert.deepEqual(names(''), []);
    assert.deepEqual(names(`a:${secret},b:${secret}`), ['a', 'b']);
    assert.deepEqual(names(`\na:${secret}\r\n\n a:${secret}: \n`), ['a', 'a']);
  });

  test('a malformed entry is refused, and its secret is not shown', () => {
    for (const entry of [
      'a',
      `a:${secret.slice(1)}`,
      `:${secret}`,
      `a b:${secret}`,
      `a:${secret} x`,
      `é:${secret}`,
    ]) {
      assert.throws(
        () => readServiceClients(`ok:${secret},${entry}`),
        (error: Error) => error.message.startsWith('entry 2 must be') && !error.message.includes('xxx'),
      );
    }
  });
});

describe('Basic', () => {
  const odd = '%41+/='.repeat(6);
  const clients = readServiceClients(`orders:${secret},mail:${odd},orders:${'y'.repeat(32)}`);
  const check = (...values: string[]) =>
    checkServiceClient(
      clients,
      values.flatMap((value) => ['Authorization', value]),
    );

  test('the right credentials name their service, plain or form-encoded, the scheme in any case', () => {
    assert.equal(check(basic(`orders:${secret}`)), 'orders');
    assert.equal(check(basic(`orders:${'y'.repeat(32)}`)), 'orders');
    assert.equal(check(basic(`mail:${odd}`)), 'mail');
    assert.equal(check(basic(`mail:${encodeURIComponent(odd)}`)), 'mail');
    assert.equal(check(basic(`orders:${secret}`).replace('Basic', 'bASIC')), 'orders');
  });

  test('unknown names, wrong secrets, other schemes and none are refused alike', () => {
    const refusals = [
      [],
      [basic(`nobody:${secret}`)],
      [basic(`orders:${odd}`)],
      [basic('orders')],
      [basic('')],
      ['Basic'],
      ['Basic %%%'],
      [`Bearer ${secret}`],
    ].map((values) => {
      try {
        return check(...values);
      } catch (error) {
        const { code, detail, headers } = error as AppError;
        return JSON.stringify({ code, detail, headers });
      }
    });
    assert.equal(new Set(refusals).size, 1);
    assert.match(refusals[0]!, /"invalid_credentials".*"www-authenticate":"Basic realm=/);
    assert.throws(() => checkServiceClient([], ['authorization', basic(`orders:${secret}`)]), AppError);
  });

  test('two headers are refused as malformed', () => {
    const value = basic(`orders:${secret}`);
    assert.throws(
      () => check(value, value),
      (error: AppError) => error.code === 'malformed_request',
    );
  });
});
