import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoggedEvent } from '@pi-gateway/auth/audit/log-part.ts';
import { csvFormat } from './csv-format.ts';

const event: LoggedEvent = {
  id: '019a0000-0000-7000-8000-000000000001',
  tx: 7,
  at: '2026-01-02T03:04:05.000006Z',
  event: 'logout',
  outcome: 'success',
  actorId: null,
  targetId: null,
  sessionId: null,
  requestId: null,
  data: { a: 1 },
  personalHash: null,
  person: null,
};

/** A reader as RFC 4180 section 2 has it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '') break;
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}

const withAgent = (userAgent: string): LoggedEvent => ({
  ...event,
  person: { ip: '192.0.2.1', userAgent, data: { account: 'a@example.com' }, salt: 'cd'.repeat(16) },
});
const agentOf = (text: string) => readCsv(text)[0]![8];

test('a head and one row an event, quotes, commas and newlines inside their cell', () => {
  const head = { at: '', from: null, to: null, drop: undefined, keys: [] };
  const rows = readCsv(
    csvFormat.head(head) + csvFormat.event(event) + csvFormat.event(withAgent('a "b", c\r\nd')),
  );
  assert.equal(rows.length, 3);
  assert.ok(rows.every((row) => row.length === rows[0]!.length));
  assert.deepEqual(rows[1]!.slice(0, 5), [event.id, event.at, 'logout', 'success', '']);
  assert.equal(rows[2]![8], 'a "b", c\r\nd');
  assert.deepEqual(JSON.parse(rows[2]!.at(-1)!), { a: 1, account: 'a@example.com' });
});

test('no cell is a formula to a spreadsheet, whatever a stranger calls his browser', () => {
  for (const agent of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠A']) {
    assert.equal(agentOf(csvFormat.event(withAgent(agent))), `'${agent}`);
  }
  for (const agent of ['Mozilla/5.0', "'quoted", '"=1', ' =1']) {
    assert.equal(agentOf(csvFormat.event(withAgent(agent))), agent);
  }
});
