import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AnswerReader, readings } from './answer-reader.ts';
import { readByUs } from './testing/read-by-us.ts';

const read = (bytes: string, method: 'GET' | 'HEAD' = 'GET') => readByUs({ method, bytes });

/** Why the reader refuses it; undefined when it does not. */
function faultOf(bytes: string): string | undefined {
  const reader = new AnswerReader();
  reader.begin('GET', false, { onInformation() {}, onHead() {}, onData() {} });
  const given = Buffer.from(bytes, 'latin1');
  return reader.read(given, 0, given.length) === readings.refused ? reader.fault : undefined;
}

const chunkedHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

describe('an answer is taken', () => {
  test('with a length, in chunks, and to its connection\u2019s end', () => {
    assert.equal(read('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello').answer?.body, 'hello');
    assert.equal(read(`${chunkedHead}3\r\nhel\r\n002\r\nlo\r\n0\r\n\r\n`).answer?.body, 'hello');
    assert.equal(read('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello').answer?.body, 'hello');
    assert.equal(read('HTTP/1.0 200 OK\r\n\r\nhello').answer?.body, 'hello');
  });

  test('without a reason, without the space in front of it, with one of latin1', () => {
    for (const line of ['HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.1 200 caf\u00e9']) {
      assert.equal(read(`${line}\r\ncontent-length: 0\r\n\r\n`).answer?.status, 200, line);
    }
  });

  test('with white space around values, empty values and every character a value may hold', () => {
    const { answer } = read(
      'HTTP/1.1 200 OK\r\na: \t b c\t \r\nd:\r\ne:\u00e9\u00ff~!\r\ncontent-length: 0\r\n\r\n',
    );
    assert.deepEqual(answer?.headers, ['a', 'b c', 'd', '', 'e', '\u00e9\u00ff~!', 'content-length', '0']);
  });

  test('to HEAD, and with 204 and 304, without a body whatever it says', () => {
    const head = (status: number) => `HTTP/1.1 ${status} X\r\ncontent-length: 5\r\n\r\n`;
    assert.equal(read(head(200), 'HEAD').answer?.body, '');
    assert.equal(read(head(204)).answer?.body, '');
    assert.equal(read(head(304)).answer?.body, '');
  });

  test('with chunk extensions, which mean nothing', () => {
    assert.equal(read(`${chunkedHead}2;a;b=c;d="e\\"f"\r\nok\r\n0;x\r\n\r\n`).answer?.body, 'ok');
  });

  test('with a trailer', () => {
    const { answer } = read(`${chunkedHead}0\r\nX-Sum: 7\r\nx-b: \r\n\r\n`);
    assert.deepEqual(answer?.trailers, ['X-Sum', '7', 'x-b', '']);
  });
});

describe('an answer is refused', () => {
  const refused: readonly (readonly [fault: string, what: string, bytes: string])[] = [
    [
      'bad_framing',
      'both framings',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
    ['bad_framing', 'two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n'],
    [
      'bad_framing',
      'the same length twice',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Length: 2\r\n\r\n',
    ],
    ...['+2', '-2', '0x2', '2 ,2', '2,2', '', '2 2', '02', '1e1', '2.0', '9'.repeat(16), '\u00b2'].map(
      (length) =>
        [
          'bad_framing',
          `the length "${length}"`,
          `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`,
        ] as const,
    ),
    ...[
      'gzip',
      'identity',
      'gzip, chunked',
      'chunked, chunked',
      'chunked;a=b',
      '',
      '"chunked"',
      'xchunked',
    ].map(
      (coding) =>
        [
          'bad_framing',
          `the coding "${coding}"`,
          `HTTP/1.1 200 OK\r\ntransfer-encoding: ${coding}\r\n\r\n`,
        ] as const,
    ),
    [
      'bad_framing',
      'two codings',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
    ['bad_framing', 'chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['bad_framing', 'a body of a 1xx', 'HTTP/1.1 103 X\r\ncontent-length: 3\r\n\r\n'],
    ['bad_framing', 'a 1xx that says close', 'HTTP/1.1 103 X\r\nconnection: close\r\n\r\n'],
    ['no_framing', 'no end to its body', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    [
      'no_framing',
      'the same in HTTP/1.0 that stays open',
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n',
    ],
    ['unrequested_upgrade', 'an upgrade nobody asked for', 'HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n'],
    ...[
      'HTTP/2.0 200 OK',
      'HTTP/1.2 200 OK',
      'HTTP/0.9 200 OK',
      'http/1.1 200 OK',
      'ICY 200 OK',
      'HTTP/1.1  200 OK',
    ].map((line) => ['bad_status_line', line, `${line}\r\n\r\n`] as const),
    ...['099', '600', '999', '20', '2000', '2x0', '200OK', '\t200', '200\tOK', '-20', ''].map(
      (code) => ['bad_status_line', `the status "${code}"`, `HTTP/1.1 ${code}\r\n\r\n`] as const,
    ),
    ['bad_status_line', 'an empty line in front', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['bad_status_line', 'a control character in the reason', 'HTTP/1.1 200 a\u0001\r\n\r\n'],
    ...['\0', '\u0001', '\u007f', '\u000b', '\u001f'].map(
      (character) =>
        [
          'bad_field',
          `${JSON.stringify(character)} in a value`,
          `HTTP/1.1 200 OK\r\nx: a${character}b\r\n\r\n`,
        ] as const,
    ),
    ['bad_field', 'a bare CR in a value', 'HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n'],
    ['bad_field', 'a bare LF as line end', 'HTTP/1.1 200 OK\r\nx: a\ny: b\r\n\r\n'],
    ['bad_field', 'bare LFs only', 'HTTP/1.1 200 OK\nx: a\n\n'],
    ['bad_field', 'two CRs', 'HTTP/1.1 200 OK\r\r\n\r\n'],
    ['bad_field', 'a folded line', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n'],
    ['bad_field', 'a folded first line', 'HTTP/1.1 200 OK\r\n x: a\r\n\r\n'],
    ...['x : a', ': a', 'x', 'x y: a', 'x\u00e9: a', '"x": a', 'x\0: a', '\tx: a'].map(
      (line) =>
        ['bad_field', `the field ${JSON.stringify(line)}`, `HTTP/1.1 200 OK\r\n${line}\r\n\r\n`] as const,
    ),
    ...[
      '',
      ';',
      'g',
      '-1',
      '+1',
      '0x1',
      ' 1',
      '1 ',
      '1\t',
      '1;',
      '1;=',
      '1;a=',
      '1;a="',
      '1; a',
      '1;a\u0001',
    ].map(
      (size) =>
        ['bad_chunk', `the chunk size ${JSON.stringify(size)}`, `${chunkedHead}${size}\r\na\r\n`] as const,
    ),
    ['bad_chunk', 'a size beyond 2^53', `${chunkedHead}20000000000000\r\n`],
    ['bad_chunk', 'a size of seventeen digits', `${chunkedHead}${'0'.repeat(16)}1\r\n`],
    ['bad_chunk', 'a bare LF behind a size', `${chunkedHead}1\na\r\n`],
    ['bad_chunk', 'a bare CR behind a size', `${chunkedHead}1\ra`],
    ['bad_chunk', 'a longer chunk than its size', `${chunkedHead}1\r\nab\r\n`],
    ['bad_chunk', 'a chunk that ends in LF', `${chunkedHead}1\r\na\n`],
    ['bad_chunk', 'endless extensions', `${chunkedHead}1;${'a'.repeat(9000)}\r\n`],
    ['bad_chunk', 'many extensions', `${chunkedHead}${`1;${'a'.repeat(100)}\r\na\r\n`.repeat(100)}`],
    ['bad_field', 'a folded trailer', `${chunkedHead}0\r\nx: a\r\n b\r\n\r\n`],
    ['bad_field', 'a trailer without a colon', `${chunkedHead}0\r\nx\r\n\r\n`],
    ['bad_field', 'a bare LF in a trailer', `${chunkedHead}0\r\nx: a\n\r\n`],
    ['bad_framing', 'a length in a trailer', `${chunkedHead}0\r\nContent-Length: 5\r\n\r\n`],
    ['bad_framing', 'a coding in a trailer', `${chunkedHead}0\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['trailer_too_large', 'a trailer without end', `${chunkedHead}0\r\nx: ${'a'.repeat(20_000)}`],
    ['head_too_large', 'a head without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}`],
    ['head_too_large', 'a head too large', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['head_too_large', 'too many lines', `HTTP/1.1 200 OK\r\n${'x: \r\n'.repeat(10_000)}\r\n`],
  ];
  for (const [fault, what, bytes] of refused) {
    test(`for ${what}`, () => {
      assert.equal(faultOf(bytes), fault);
      assert.equal(read(bytes).answer, undefined);
    });
  }

  test('at its first bytes when the server speaks something else', () => {
    for (const bytes of ['SSH-2.0-x', 'HTTP/2', 'H2', '<html>', '\u0016\u0003', '\0']) {
      assert.equal(faultOf(bytes), 'bad_status_line', bytes);
    }
    assert.equal(faultOf('HTTP/1.1 200 OK\n'), 'bad_field');
  });

  test('when it is cut anywhere before its end', () => {
    const whole = `${chunkedHead}3\r\nhel\r\n2;a\r\nlo\r\n0\r\nx-sum: 7\r\n\r\n`;
    for (let length = 0; length < whole.length; length++) {
      assert.equal(read(whole.slice(0, length)).answer, undefined, `after ${length} bytes`);
    }
    assert.equal(read(whole).length, whole.length);
  });
});

test('what stands behind an answer is left where it is', () => {
  for (const message of [
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 204 No Content\r\n\r\n',
    `${chunkedHead}1\r\na\r\n0\r\n\r\n`,
    `${chunkedHead}0\r\nx: a\r\n\r\n`,
  ]) {
    assert.equal(read(`${message}HTTP/1.1 200 OK\r\n\r\n`).length, message.length);
  }
});
