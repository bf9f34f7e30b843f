import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readTraceContext, writeTraceparent } from './trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const good = `00-${traceId}-${spanId}-01`;

describe('traceparent', () => {
  test('a sound one is written as it was read', () => {
    for (const flags of ['00', '01', '02', '03']) {
      const text = `00-${traceId}-${spanId}-${flags}`;
      const context = readTraceContext(text, undefined);
      assert.ok(context);
      assert.equal(writeTraceparent(context), text);
    }
  });

  test('flags that nobody knows go on as zero', () => {
    for (const [flags, written] of [
      ['ff', '03'],
      ['fc', '00'],
      ['81', '01'],
    ]) {
      const context = readTraceContext(`00-${traceId}-${spanId}-${flags}`, undefined);
      assert.equal(context && writeTraceparent(context), `00-${traceId}-${spanId}-${written}`);
    }
  });

  test('of a later version the part that is known is read, and version 00 is written', () => {
    for (const text of [`01-${traceId}-${spanId}-01`, `cc-${traceId}-${spanId}-01-what-the-future-holds`]) {
      const context = readTraceContext(text, undefined);
      assert.equal(context && writeTraceparent(context), good, text);
    }
  });

  const malformed: readonly (readonly [name: string, text: string | undefined])[] = [
    ['none', undefined],
    ['empty', ''],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['a version that is no number', `0x-${traceId}-${spanId}-01`],
    ['capital letters', good.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a long span id', `00-${traceId}-${spanId}0-01`],
    ['flags of one digit', `00-${traceId}-${spanId}-1`],
    ['flags that are none', `00-${traceId}-${spanId}-.0`],
    ['version 00 with more behind it', `${good}-more`],
    ['version 00 with a dash behind it', `${good}-`],
    ['a later version with no dash before what follows', `01-${traceId}-${spanId}-01.more`],
    ['a later version that is too short', `01-${traceId}-${spanId}-`],
    ['space before it', ` ${good}`],
    ['space behind it', `${good} `],
    ['two joined', `${good}, ${good}`],
    ['a line end', `${good}\n`],
  ];
  for (const [name, text] of malformed) {
    test(`is not continued: ${name}`, () => assert.equal(readTraceContext(text, 'a=b'), undefined));
  }
});

describe('tracestate', () => {
  const read = (tracestate: string) => readTraceContext(good, tracestate)?.tracestate;

  test('sound ones go on, without empty members and space around them', () => {
    for (const text of [
      'a=b',
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
      '0a@sys-1=x y',
      'a_-*/=!"#$%&\'()*+',
    ]) {
      assert.equal(read(text), text);
    }
    assert.equal(read(' a=b ,\tc=d,, '), 'a=b,c=d');
  });

  const members = [
    'a',
    'a=',
    '=b',
    'A=b',
    'a=b=c',
    'a b=c',
    'a=é',
    'a=b\u0001',
    'ok=2',
    `${'k'.repeat(257)}=v`,
  ];
  for (const member of members) {
    test(`one that is malformed is dropped whole, and the trace goes on: ${JSON.stringify(member.slice(0, 20))}`, () => {
      const context = { traceId, spanId, flags: 1, tracestate: undefined };
      assert.deepEqual(readTraceContext(good, `ok=1,${member}`), context);
    });
  }

  test('one without a member is none', () => {
    for (const text of ['', ',', ' \t']) assert.equal(read(text), undefined);
  });

  test('more than 32 members are malformed', () => {
    const list = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join(',');
    assert.equal(read(list(32)), list(32));
    assert.equal(read(list(33)), undefined);
  });

  test('over 512 characters the long members go first, then the last', () => {
    const long = `long=${'x'.repeat(150)}`;
    const short = Array.from({ length: 30 }, (_, i) => `k${10 + i}=${'v'.repeat(12)}`);
    const kept = read([short[0], long, ...short.slice(1)].join(','));
    assert.ok(kept !== undefined && kept.length <= 512);
    assert.deepEqual(kept.split(','), short.slice(0, 30));
    const more = read(short.map((one) => `${one}${'w'.repeat(20)}`).join(','))!;
    assert.ok(more.length <= 512 && more.length > 470);
    assert.ok(more.startsWith('k10='));
  });
});
