// Tells auth of what the gateway refused itself, so that it stands in the audit log: off the requests' path, in batches,
// within seconds. Under a flood refusals are sampled and counted (packages/limiter/event-sampler.ts). While auth is away
// they wait, as many as there is room for, and the others are counted too; a batch that may have arrived is sent again
// as it was, and auth writes it once.

import { networkOf } from '@pi-gateway/client-address/canonical-address.ts';
import type { ReportedRefusal } from '@pi-gateway/gateway-link/refusal-report.ts';
import { EventSampler } from '@pi-gateway/limiter/event-sampler.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { type Batch, encodeBatch } from './encode-batch.ts';

/** Resolves when auth has written it. */
export type SendReport = (body: string) => Promise<'written' | 'refused'>;

// The first refusal of a quiet time is on its way at once, under load there are ten batches a second.
const firstMs = 20;
const nextMs = 100;
const retryMsMax = 2000;
const countsMs = 2000;
const waitingMax = 10_000;
const closeMs = 2000;

export class RefusalReporter {
  readonly #send: SendReport;
  readonly #log: Log;
  readonly #sampler = new EventSampler<ReportedRefusal>();
  #waiting: ReportedRefusal[] = [];
  /** Sent, and not known to be written. */
  #pending: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #counts: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(send: SendReport, log: Log) {
    this.#send = send;
    this.#log = log;
  }

  /** Refusals that auth has not confirmed; what was counted is one for each count. */
  get waiting(): number {
    return this.#waiting.length + (this.#pending?.count ?? 0);
  }

  /** Never waits, never throws. */
  add(refusal: ReportedRefusal): void {
    if (this.#sampler.sample(sampled(refusal))) this.#queue(refusal);
    else this.#countSoon();
  }

  /** Sends what there is, for two seconds at the most. */
  async close(): Promise<void> {
    this.#queueCounts();
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#counts);
    const end = performance.now() + closeMs;
    while (this.waiting > 0 && performance.now() < end && (await this.#sendOne()));
    if (this.waiting > 0) this.#log.warn({ refusals: this.waiting }, 'refusals could not be told to auth');
  }

  #queue(refusal: ReportedRefusal): void {
    if (this.#waiting.length < waitingMax) {
      this.#waiting.push(refusal);
      this.#sendSoon(firstMs);
    } else {
      this.#sampler.count(sampled(refusal), refusal.count ?? 1);
      this.#countSoon();
    }
  }

  #countSoon(): void {
    this.#counts ??= setTimeout(() => this.#queueCounts(), countsMs).unref();
  }

  /** Each count as the last refusal of those it stands for. Where there is no room they go on being counted. */
  #queueCounts(): void {
    clearTimeout(this.#counts);
    this.#counts = undefined;
    for (const { item, count, shared } of this.#sampler.drain()) {
      this.#queue({ ...item, count, counted_by: shared });
    }
  }

  #sendSoon(ms: number): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#sendNow(), ms).unref();
  }

  async #sendNow(): Promise<void> {
    const isSent = await this.#sendOne();
    this.#timer = undefined;
    if (this.waiting === 0) return;
    this.#sendSoon(isSent ? nextMs : Math.min(nextMs * 2 ** this.#failures, retryMsMax));
  }

  /** @returns whether auth has dealt with it. */
  async #sendOne(): Promise<boolean> {
    this.#pending ??= encodeBatch(this.#waiting);
    try {
      const answer = await this.#send(this.#pending.body);
      // A mistake of ours: sent again it would be refused again, and keep all others waiting.
      if (answer === 'refused')
        this.#log.error({ refusals: this.#pending.count }, 'auth takes no such report');
      this.#pending = undefined;
      this.#failures = 0;
      return true;
    } catch (err) {
      this.#failures += 1;
      const level = this.#failures === 1 ? 'warn' : 'debug';
      this.#log[level]({ err, refusals: this.waiting }, 'refusals could not be told to auth; trying again');
      return false;
    }
  }
}

function sampled(refusal: ReportedRefusal) {
  const { reason, fault, ip, user_id, issuer = '', subject = '' } = refusal;
  const key = user_id ?? `${issuer} ${subject}`;
  return { kind: reason, network: networkOf(ip), key, isEveryday: fault === 'expired', item: refusal };
}
