import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { type EventRecord, encodeEvent } from './event-record.ts';

const record: EventRecord = {
  id: '019a0000-0000-7000-8000-000000000001',
  tx: 742,
  at: '2026-01-02T03:04:05.000006Z',
  event: 'login.failed',
  outcome: 'failure',
  actorId: null,
  targetId: '019a0000-0000-7000-8000-000000000002',
  sessionId: '019a0000-0000-7000-8000-000000000003',
  requestId: 'a-request',
  data: { reason: 'x', a: [1, 2.5] },
  personalHash: 'ab'.repeat(32),
};

test('an event is proven as the canonical JSON of all its columns', () => {
  const members = {
    v: 1,
    id: record.id,
    tx: record.tx,
    at: record.at,
    event: record.event,
    outcome: record.outcome,
    actor_id: record.actorId,
    target_id: record.targetId,
    session_id: record.sessionId,
    request_id: record.requestId,
    data: record.data,
    personal_hash: record.personalHash,
  };
  assert.equal(encodeEvent(record), canonicalJson(members));
});

test('a forged newline, quote or separator in a column stays inside its member', () => {
  const forged = 'x","outcome":"success"\n\r\u2028\u0000\u001b[31m';
  const line = encodeEvent({ ...record, requestId: forged, event: forged, data: { [forged]: forged } });
  assert.equal(line.split('\n').length, 1);
  const read = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(
    [read['request_id'], read['event'], read['outcome'], read['data']],
    [forged, forged, 'failure', { [forged]: forged }],
  );
});
