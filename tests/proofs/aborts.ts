// Crowds of clients that leave in every state that a request can be in, one half by an end, the other by a reset.
// Afterwards the gateway holds what it held before: the same descriptors, nothing under way, every place of the routes
// (a crowd takes them all), and no more memory.

import { setTimeout as delay } from 'node:timers/promises';
import { readUnderWay } from '@pi-gateway/gateway/testing/read-under-way.ts';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { startFaultProxy } from '../failure/fault-proxy.ts';
import { startAbortHttp2Service } from './abort-http2-service.ts';
import { startAbortService } from './abort-service.ts';
import { abortStates } from './abort-states.ts';
import { crowdMax, leaveInCrowds, type Surroundings } from './crowd.ts';
import { type Descriptors, descriptorsOf, hasMore } from './descriptors-of.ts';
import { collecting, heldBy } from './held-memory.ts';
import { startGateways } from './start-gateways.ts';

export type AbortOptions = {
  readonly transport: 'undici' | 'lean';
  /** In each state; of those that are costly a tenth. */
  readonly aborts: number;
  /** In each state, before rest is measured. */
  readonly warmUp: number;
  /**
   * Before what is held is looked at, in milliseconds: beyond the times for which connections are kept that nobody uses (of
   * metrics, keys and services), or these count as held.
   */
  readonly settleMs: number;
};

// Long enough for a client to leave in between, and less than the 100 ms that a request waits for Redis.
const lookUpDelayMs = 25;
const restMs = 30_000;
const lookMs = 250;

const yaml = (service: string, http2Service: string) => `
services:
  up: { targets: ["${service}"], retries: 1 }
  tls: { targets: ["${service.replace('http:', 'https:')}"], timeouts: { connect_ms: 60000 } }
  h2: { targets: ["${http2Service}"], protocol: h2c }
routes:
  - { path: /*, service: up, access: public, concurrency: { route: ${crowdMax} }, body_limit_bytes: 1000000000 }
  - { path: /ok, service: up, access: public }
  - { path: /private, service: up }
  - { path: /limited/*, service: up, access: public, strip_prefix: /limited, rate_limit: 1000000/1, concurrency: { route: ${crowdMax} } }
  - { path: /tls/*, service: tls, access: public, concurrency: { route: ${crowdMax} } }
  - { path: /h2/*, service: h2, access: public, concurrency: { route: ${crowdMax} } }
`;

/** Asserts that every crowd got into its state and gave everything back; descriptors and memory are for the caller to judge. */
export async function proveAbortsLeaveNothing({ transport, aborts, warmUp, settleMs }: AbortOptions) {
  const redis = await startTestRedis();
  const slowRedis = await startFaultProxy(redis.url, { delayMs: lookUpDelayMs });
  const service = await startAbortService();
  const http2Service = await startAbortHttp2Service();
  const gateways = await startGateways(() => yaml(service.origin, http2Service.origin), {
    workers: 1,
    services: 0,
    env: { GATEWAY_TRANSPORT: transport, REDIS_URL: slowRedis.url, ...collecting },
  });
  const [worker] = gateways.workers;
  const { metricsUrl, pid } = worker!;
  const around: Surroundings = { port: gateways.port, metricsUrl, service, http2Service };

  /** Waits for half a minute at most until there are no more descriptors than before. */
  async function comeToRest(before?: { readonly descriptors: Descriptors }) {
    http2Service.closeIdle();
    await delay(settleMs);
    const endMs = performance.now() + restMs;
    for (;;) {
      const descriptors = descriptorsOf(pid());
      const isAtRest = before === undefined || !hasMore(descriptors, before.descriptors);
      if (isAtRest || performance.now() > endMs) return { descriptors, bytes: await heldBy(pid()) };
      await delay(lookMs);
    }
  }

  try {
    await leaveInAll(around, warmUp);
    const before = await comeToRest();
    const firstHalf = await leaveInAll(around, aborts / 2);
    const between = await comeToRest(before);
    const secondHalf = await leaveInAll(around, aborts / 2);
    const after = await comeToRest(before);
    return {
      transport,
      aborts: total(firstHalf) + total(secondHalf),
      secondTries: service.seen.secondHeads,
      descriptorsBefore: before.descriptors,
      descriptorsAfter: after.descriptors,
      underWay: await readUnderWay(metricsUrl),
      restMb: before.bytes / 1e6,
      moreMbAfterHalf: (between.bytes - before.bytes) / 1e6,
      moreMbAfterAll: (after.bytes - before.bytes) / 1e6,
      halfOfThem: firstHalf,
    };
  } finally {
    await gateways.close();
    http2Service.close();
    service.close();
    await slowRedis.stop();
    await redis.stop();
  }
}

type Left = Readonly<Record<string, { aborts: number; seconds: number; reachedService: number }>>;

async function leaveInAll(around: Surroundings, each: number): Promise<Left> {
  const left: Record<string, Left[string]> = {};
  for (const state of abortStates) {
    const startMs = performance.now();
    const aborts = Math.ceil(state.isCostly ? each / 10 : each);
    const reachedService = await leaveInCrowds(around, state, aborts);
    left[state.name] = { aborts, seconds: (performance.now() - startMs) / 1000, reachedService };
  }
  return left;
}

function total(left: Left): number {
  return Object.values(left).reduce((sum, { aborts }) => sum + aborts, 0);
}
