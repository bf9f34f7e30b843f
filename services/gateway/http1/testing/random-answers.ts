// For tests: answers at random. Sound ones, and ones of parts that are each a little wrong; then bytes of them
// changed, doubled, cut.

import fc from 'fast-check';
import type { GivenAnswer } from './read-answer.ts';

const pick = (...texts: readonly string[]) => fc.constantFrom(...texts);
/** Mostly the first. */
const mostly = <T>(first: fc.Arbitrary<T>, ...rest: readonly fc.Arbitrary<T>[]) =>
  fc.oneof(
    { arbitrary: first, weight: 6 * rest.length },
    ...rest.map((arbitrary) => ({ arbitrary, weight: 1 })),
  );

const body = fc.oneof(
  pick(
    '',
    'ok',
    'hello world',
    '\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    '0\r\n\r\n',
    'caf\u00e9',
  ),
  fc.nat(300).map((length) => 'x'.repeat(length)),
);

const fieldLine = pick(
  'content-type: text/plain',
  'ETag: "abc"',
  'x-empty:',
  'x-latin: caf\u00e9',
  'x-tab:\ta\tb\t',
  'X-Spaces:   a  b   ',
  'connection: keep-alive',
  'keep-alive: timeout=5',
  'set-cookie: a=1',
  'set-cookie: b=2',
);
const oddFieldLine = pick(
  'connection: close',
  'Connection: keep-alive, close',
  'connection: upgrade',
  'upgrade: websocket',
  'trailer: x-sum',
  'x-control: a\u0001b',
  'x-nul: a\u0000b',
  'x-delete: a\u007fb',
  'x-bare: a\rb',
  'x-feed: a\nb',
  ' folded',
  '\tfolded',
  'x space: a',
  'x-space : a',
  ': nameless',
  'colonless',
  'x\u00e9: a',
  'content-length: 1',
  'content-length: +1',
  'content-length: 0x1',
  'content-length: 1, 1',
  'content-length:',
  'content-length: 01',
  'content-length: 1 1',
  'content-length: 99999999999999999999',
  'Content-Length: 5\r\ncontent-length: 5',
  'content-length : 5',
  'transfer-encoding: chunked',
  'Transfer-Encoding: Chunked',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding: chunked, gzip',
  'transfer-encoding: identity',
  'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
  'transfer-encoding:\u000bchunked',
  'transfer-encoding: "chunked"',
  'transfer-encoding: chunked;a=b',
  'transfer-encoding:',
  'content_length: 5',
);

const chunkSize = (length: number) =>
  mostly(
    fc.constant(length.toString(16)),
    fc.constant(length.toString(16).toUpperCase()),
    fc.constant(`000${length.toString(16)}`),
    pick(
      '0x1',
      '-1',
      '+1',
      ' 1',
      '1 ',
      '',
      'g',
      'ffffffffffffffff',
      '10000000000000000',
      `${'0'.repeat(40)}1`,
    ),
  );
const extension = mostly(
  fc.constant(''),
  pick(';a', ';a=b', ';a="b;\\"c"', ';a=b;c'),
  pick(
    ' ;a',
    ';',
    ';=',
    ';a=',
    ';a="b',
    '; a',
    ';a =b',
    ';a\u0001',
    ';a\rb',
    ';a\nb',
    `;${'e'.repeat(20_000)}`,
  ),
);
const lineEnd = mostly(fc.constant('\r\n'), pick('\n', '\r', '', '\r\n ', '\n\r'));

const chunk = fc
  .tuple(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), lineEnd, lineEnd, extension)
  .chain(([data, first, second, ext]) =>
    chunkSize(data.length).map((size) => `${size}${ext}${first}${data}${second}`),
  );
const lastChunk = fc
  .tuple(mostly(pick('0'), pick('00', '0000', '0 ', '')), extension, lineEnd, lineEnd)
  .chain(([size, ext, first, last]) =>
    fc
      .array(mostly(pick('x-sum: 7', 'x-other: a'), oddFieldLine), { maxLength: 2 })
      .map((fields) => `${size}${ext}${first}${fields.map((line) => `${line}\r\n`).join('')}${last}`),
  );
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), lastChunk)
  .map(([chunks, last]) => `${chunks.join('')}${last}`);

const statusLine = mostly(
  pick(
    'HTTP/1.1 200 OK',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.1 500 ',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304',
  ),
  pick('HTTP/1.0 200 OK', 'HTTP/1.1 205 Reset Content', 'HTTP/1.1 200 caf\u00e9', 'HTTP/1.1 103 Early Hints'),
  pick(
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 200\tOK',
    'HTTP/2.0 200 OK',
    'HTTP/0.9 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/1.10 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1 200 a\rb',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 100 Continue',
    'ICY 200 OK',
    'HTTP/1.1',
    '',
  ),
);

const fields = fc.array(mostly(fieldLine, oddFieldLine), { maxLength: 4 });

const framed = fc.oneof(
  body.map((text) => ({ framing: [`content-length: ${text.length}`], rest: text })),
  chunked.map((rest) => ({ framing: ['transfer-encoding: chunked'], rest })),
  body.map((rest) => ({ framing: [], rest })),
  body.map((rest) => ({ framing: ['connection: close'], rest })),
);

const information = mostly(
  fc.constant(''),
  pick(
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n',
    'HTTP/1.1 102 Processing\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\ncontent-length: 3\r\n\r\nabc',
    'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20),
    '\r\n',
  ),
);

const message = fc
  .tuple(information, statusLine, fields, framed, fields, mostly(fc.constant('\r\n'), lineEnd))
  .map(([before, line, first, { framing, rest }, second, end]) => {
    const lines = [line, ...first, ...framing, ...second].map((text) => `${text}\r\n`).join('');
    return `${before}${lines}${end}${rest}`;
  });

const behind = mostly(
  fc.constant(''),
  pick('\r\n', 'x', '0', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen'),
);

const junk = fc.oneof(
  pick(
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    '\t',
    ' ',
    ':',
    ';',
    ',',
    '0',
    '9',
    '-',
    '\u007f',
    '\u00e9',
    '\u0001',
  ),
  pick('content-length: 3\r\n', 'transfer-encoding: chunked\r\n', '\r\n0\r\n\r\n', '5\r\nhello\r\n'),
);
type Change = { readonly at: number; readonly cut: number; readonly put: string };
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(3),
  put: fc.oneof(fc.constant(''), junk),
});

function apply(text: string, { at, cut, put }: Change): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + put + text.slice(from + cut);
}

export const randomAnswer: fc.Arbitrary<GivenAnswer> = fc
  .record({
    method: mostly(fc.constant('GET' as const), fc.constant('HEAD' as const)),
    bytes: fc
      .tuple(
        message,
        behind,
        mostly(fc.constant<Change[]>([]), fc.array(change, { minLength: 1, maxLength: 3 })),
      )
      .map(([text, more, changes]) => changes.reduce(apply, text + more)),
  })
  .filter(({ bytes }) => bytes.length > 0);

const soundFields = fc.array(fieldLine, { maxLength: 6 });
const soundChunks = fc
  .tuple(
    fc.array(fc.string({ minLength: 1, maxLength: 300, unit: 'binary-ascii' }), { maxLength: 5 }),
    fc.array(pick('x-sum: 7', 'x-other: a'), { maxLength: 2 }),
  )
  .map(([pieces, trailer]) => {
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
    return `${chunks}0\r\n${trailer.map((line) => `${line}\r\n`).join('')}\r\n`;
  });

/** Nothing about these is wrong: every reader has to take them. */
export const soundAnswer: fc.Arbitrary<GivenAnswer> = fc
  .tuple(
    fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 500 ', 'HTTP/1.1 201'),
    soundFields,
    fc.oneof(
      body.map((text) => `content-length: ${text.length}\r\n\r\n${text}`),
      soundChunks.map((text) => `transfer-encoding: chunked\r\n\r\n${text}`),
      body.map((text) => `connection: close\r\n\r\n${text}`),
    ),
    pick('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  )
  .map(([line, lines, rest, before]) => ({
    method: 'GET' as const,
    bytes: `${before}${[line, ...lines].map((text) => `${text}\r\n`).join('')}${rest}`,
  }));
