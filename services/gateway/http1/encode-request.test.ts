import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import type { UpstreamRequest } from '../proxy/transport.ts';
import { encodeRequest } from './encode-request.ts';

const get: UpstreamRequest = { method: 'GET', path: '/', headers: [], body: undefined, upgrade: false };
const encode = (request: Partial<UpstreamRequest>) => encodeRequest({ ...get, ...request }, 'a.example').text;
const body = () => Readable.from([]);

describe('the head of a request', () => {
  test('has its fields in their order, as they are', () => {
    assert.equal(
      encode({ path: '/a?b', headers: ['X-A', 'caf\u00e9', 'x-a', '', 'x-b', ' a\tb '] }),
      'GET /a?b HTTP/1.1\r\nhost: a.example\r\nconnection: keep-alive\r\nX-A: caf\u00e9\r\nx-a: \r\nx-b:  a\tb \r\n\r\n',
    );
  });

  test('says that there is no body where one is expected', () => {
    for (const method of ['POST', 'PUT', 'PATCH'])
      assert.match(encode({ method }), /\r\ncontent-length: 0\r\n/);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS'])
      assert.doesNotMatch(encode({ method }), /length/);
  });

  test('frames a body in exactly one way', () => {
    const chunked = encode({ method: 'POST', body: body() });
    assert.match(chunked, /\r\ntransfer-encoding: chunked\r\n\r\n$/);
    assert.doesNotMatch(chunked, /content-length/);
    const counted = encode({ method: 'POST', body: body(), headers: ['Content-Length', '7'] });
    assert.match(counted, /\r\nContent-Length: 7\r\n\r\n$/);
    assert.doesNotMatch(counted, /transfer-encoding/);
  });

  test('ends the connection behind HEAD, and behind a body that the method does not expect', () => {
    assert.match(encode({ method: 'HEAD' }), /\r\nconnection: close\r\n/);
    assert.match(encode({ method: 'GET', body: body() }), /\r\nconnection: close\r\n/);
    assert.match(encode({ method: 'POST', body: body() }), /\r\nconnection: keep-alive\r\n/);
  });
});

describe('what could be read as more than one request is not written', () => {
  const breaks = ['\r', '\n', '\0', '\r\n', '\u010d', '\u010a', '\u0100', '\u2028', '\u007f', '\u0001'];
  for (const character of breaks) {
    test(`${JSON.stringify(character)} in any part`, () => {
      const text = `a${character}b`;
      assert.throws(() => encode({ method: text }));
      assert.throws(() => encode({ path: `/${text}` }));
      assert.throws(() => encode({ headers: [text, 'x'] }));
      assert.throws(() => encode({ headers: ['x', text] }));
    });
  }

  test('a space or nothing where a word is wanted', () => {
    for (const method of ['', 'GET /x HTTP/1.1', 'get']) assert.throws(() => encode({ method }));
    for (const path of ['', '/a b']) assert.throws(() => encode({ path }));
    for (const name of ['', 'a b', 'a:', 'a\u00e9']) assert.throws(() => encode({ headers: [name, 'x'] }));
    assert.throws(() => encode({ headers: ['x'] }));
  });

  test('fields that frame the message or concern the connection', () => {
    for (const name of ['Host', 'connection', 'Keep-Alive', 'upgrade', 'Transfer-Encoding', 'expect']) {
      assert.throws(() => encode({ headers: [name, 'x'] }), name);
    }
  });

  test('a length that is none, stands twice, or has no body', () => {
    const lengths = [
      ['+1'],
      ['01'],
      ['0x1'],
      ['1e3'],
      ['-1'],
      ['1, 1'],
      [''],
      ['9'.repeat(20)],
      ['1', '1'],
      ['1', '2'],
    ];
    for (const values of lengths) {
      const headers = values.flatMap((value) => ['content-length', value]);
      assert.throws(() => encode({ method: 'POST', body: body(), headers }), String(values));
    }
    assert.throws(() => encode({ method: 'POST', headers: ['content-length', '1'] }));
  });
});
