// For tests: bodies in the chunked coding at random (RFC 9112 section 7.1), mostly sound, and sound ones alone.

import fc from 'fast-check';
import { mostly, pick } from './random-choice.ts';
import { oddFieldLine } from './random-fields.ts';

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
export const lineEnd = mostly(fc.constant('\r\n'), pick('\n', '\r', '', '\r\n ', '\n\r'));

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
export const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), lastChunk)
  .map(([chunks, last]) => `${chunks.join('')}${last}`);

/** Nothing about these is wrong. */
export const soundChunks = fc
  .tuple(
    fc.array(fc.string({ minLength: 1, maxLength: 300, unit: 'binary-ascii' }), { maxLength: 5 }),
    fc.array(pick('x-sum: 7', 'x-other: a'), { maxLength: 2 }),
  )
  .map(([pieces, trailer]) => {
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
    return `${chunks}0\r\n${trailer.map((line) => `${line}\r\n`).join('')}\r\n`;
  });
