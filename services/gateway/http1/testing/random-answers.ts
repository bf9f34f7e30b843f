// For tests: answers at random. Sound ones, and ones of parts that are each a little wrong; then bytes of them
// changed, doubled, cut.

import fc from 'fast-check';
import { mostly, pick } from './random-choice.ts';
import { chunked, lineEnd, soundChunks } from './random-chunks.ts';
import { fieldLine, oddFieldLine } from './random-fields.ts';
import type { GivenAnswer } from './read-answer.ts';

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
