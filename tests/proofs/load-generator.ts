// A process of its own that sends so many requests a second, each when its time has come whatever became of those
// before, and tells its parent how they were answered. Apart from what measures, so that neither waits for the other's
// work. Started by run-load.ts, with what to do and when to begin in its arguments.

import { setTimeout as delay } from 'node:timers/promises';
import { networkAddress } from '../security/login-attempt.ts';
import { type Call, send } from './http-client.ts';
import { percentile } from './percentile.ts';
import type { AnswerTimes, LoadOrder, LoadReport } from './run-load.ts';

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
// Two or so at once, as they come from many clients.
const tickMs = 2000 / order.perSecond;
const timesByStatus = new Map<number, number[]>();
let failed = 0;
let sent = 0;

function nextCall(): Call {
  if (order.kind === 'get') return { path: order.path, token: order.token };
  const headers = { 'x-forwarded-for': networkAddress(sent % order.networks) };
  const body = { email: `nobody${sent}@example.com`, password: 'Password2026' };
  return { method: 'POST', path: order.path, body, headers };
}

async function sendOne(): Promise<void> {
  const dueMs = performance.now();
  try {
    const { status, answeredMs } = await send(order.target, nextCall());
    const times = timesByStatus.get(status);
    if (times === undefined) timesByStatus.set(status, [answeredMs - dueMs]);
    else times.push(answeredMs - dueMs);
  } catch {
    failed += 1;
  }
}

function summarize(times: readonly number[]): AnswerTimes {
  return {
    count: times.length,
    medianMs: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    maxMs: percentile(times, 1),
  };
}

await delay(Math.max(0, Number(process.argv[3]) - Date.now()));
const underWay = new Set<Promise<void>>();
const startMs = performance.now();
const timer = setInterval(() => {
  const elapsedMs = performance.now() - startMs;
  const due = Math.min(elapsedMs / 1000, order.seconds) * order.perSecond;
  for (; sent < due; sent += 1) {
    const asked = sendOne().finally(() => underWay.delete(asked));
    underWay.add(asked);
  }
  if (elapsedMs >= order.seconds * 1000) void end(elapsedMs / 1000);
}, tickMs);

async function end(seconds: number): Promise<void> {
  clearInterval(timer);
  await Promise.all(underWay);
  const answers = Object.fromEntries([...timesByStatus].map(([status, times]) => [status, summarize(times)]));
  const surplus = summarize([429, 503].flatMap((status) => timesByStatus.get(status) ?? []));
  const report: LoadReport = { sent, perSecond: sent / seconds, failed, answers, surplus };
  process.send?.(report, () => process.exit());
}
