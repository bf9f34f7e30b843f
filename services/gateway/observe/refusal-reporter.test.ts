import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedRefusal } from '@pi-gateway/gateway-link/refusal-report.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { until } from '../testing/start-test-gateway.ts';
import { RefusalReporter } from './refusal-reporter.ts';

const log = createLog({ service: 'test', level: 'silent' });

const refusal = (own: Partial<ReportedRefusal> = {}): ReportedRefusal => ({
  reason: 'invalid_token',
  refused_at: '2026-01-02T03:04:05.678Z',
  request_id: '01a204b1-5fcc-7000-aee0-b0b6473475c0',
  ip: '192.0.2.1',
  user_agent: null,
  method: 'GET',
  route: '/x',
  ...own,
});

type Sent = { readonly batch: string; readonly refusals: readonly ReportedRefusal[] };

function start() {
  const auth = { sent: [] as Sent[], isAway: false, isLost: false };
  const reporter = new RefusalReporter((body) => {
    if (auth.isAway) return Promise.reject(new Error('away'));
    auth.sent.push(JSON.parse(body) as Sent);
    return auth.isLost ? Promise.reject(new Error('the answer was lost')) : Promise.resolve('written');
  }, log);
  const written = () => [...new Map(auth.sent.map((one) => [one.batch, one.refusals])).values()].flat();
  return { auth, reporter, written };
}

const standFor = (refusals: readonly ReportedRefusal[]) =>
  refusals.reduce((sum, { count = 1 }) => sum + count, 0);

test('while auth is away refusals wait, and a batch whose answer was lost is the same batch when it is sent again', async (t) => {
  const { auth, reporter, written } = start();
  t.after(() => reporter.close());
  auth.isAway = true;
  for (let i = 0; i < 5; i += 1) reporter.add(refusal({ route: `/${i}` }));
  assert.equal(reporter.waiting, 5);
  auth.isAway = false;
  auth.isLost = true;
  await until('it was sent twice', () => auth.sent.length >= 2);
  reporter.add(refusal({ route: '/5' }));
  auth.isLost = false;
  await until('nothing waits', () => reporter.waiting === 0);
  assert.equal(auth.sent[0]!.batch, auth.sent[1]!.batch);
  assert.deepEqual(
    written().map(({ route }) => route),
    ['/0', '/1', '/2', '/3', '/4', '/5'],
  );
});

test('of a flood some are told one by one and all are counted, also those there was no room for', async (t) => {
  const { auth, reporter, written } = start();
  t.after(() => reporter.close());
  auth.isAway = true;
  // More networks than are counted apart, each with more than one.
  for (let i = 0; i < 30_000; i += 1) reporter.add(refusal({ ip: `10.0.${i % 100}.1` }));
  assert.ok(reporter.waiting <= 1300, String(reporter.waiting));
  auth.isAway = false;
  await until('all are told', () => standFor(written()) === 30_000);
  // A slow machine has some more of them told meanwhile.
  assert.ok(written().length <= 1400, String(written().length));
});

test('each request to auth stays within what its bodies may hold, and in order', async (t) => {
  const { auth, reporter, written } = start();
  t.after(() => reporter.close());
  const long = '\u00e9'.repeat(512);
  for (let i = 0; i < 60; i += 1) {
    reporter.add(refusal({ user_agent: long, ip: `10.0.0.${i}`, route: String(i) }));
  }
  await until('all are told', () => written().length === 60);
  assert.deepEqual(
    written().map(({ route }) => route),
    Array.from({ length: 60 }, (_, i) => String(i)),
  );
  for (const sent of auth.sent) assert.ok(Buffer.byteLength(JSON.stringify(sent)) <= 16_384);
});

test('what is still to be told at the end is told before it, and an auth that is away does not keep the end waiting', async () => {
  const { auth, reporter, written } = start();
  for (let i = 0; i < 40; i += 1) reporter.add(refusal());
  await reporter.close();
  assert.equal(standFor(written()), 40);
  auth.isAway = true;
  reporter.add(refusal({ ip: '198.51.100.1' }));
  await reporter.close();
  assert.equal(reporter.waiting, 1);
});
