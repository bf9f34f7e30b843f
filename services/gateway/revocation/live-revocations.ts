// The revocations in force, held in memory so that no request asks anybody: loaded whole from auth at the
// start, kept current by the feed, and by asking auth twice a second while the feed is silent. How stale it may
// be is always known, because "nobody revoked anything" and "nobody told me" look alike. No clock of this machine
// that may be set is asked for any of it: what is over is judged by the database's, which says when each answer was.

import { readRevocations } from '@pi-gateway/gateway-link/revocation-header.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { Revocation, RevocationSource } from '@pi-gateway/revocation/revocation.ts';
import { RevocationSet } from '@pi-gateway/revocation/revocation-set.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';

export type LiveRevocationsOptions = {
  readonly source: RevocationSource;
  /** `GET /internal/revocations?since=<micros>` of auth, with `from_id` for a page after the first. */
  readonly fetchSince: (sinceMicros: number, fromId?: string) => Promise<unknown>;
  readonly log: Log;
  /** Milliseconds from any start, of a clock that nobody sets. */
  readonly nowMs?: () => number;
  /** Called when a signing key was withdrawn that was not before. */
  readonly onKeyRevoked?: () => void;
  /** Above this, routes that demand a role are closed. */
  readonly staleAfterMs?: number;
};

const pollSilentMs = 500;
/**
 * A feed that can be read is not one that is written to: a Redis that is full, read-only or too slow for auth looks
 * like one in which nothing happens. Auth is asked all the same, so that a revocation is never late by more.
 */
const pollCurrentMs = 2000;
/** A feed that said nothing, not even that it is current, for this long is taken for silent. */
const silentAfterMs = 2000;
/** A revocation whose transaction was slow becomes visible later than its own time tells. */
const overlapMicros = 30_000_000;

export class LiveRevocations {
  isLoaded = false;
  readonly #set = new RevocationSet();
  readonly #options: LiveRevocationsOptions;
  readonly #nowMs: () => number;
  readonly #staleAfterMs: number;
  #asOfMicros = 0;
  #polledAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LiveRevocationsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#staleAfterMs = options.staleAfterMs ?? 10_000;
  }

  /** Follows the feed first and loads then, so that nothing falls between; resolves after the first try. */
  async start(): Promise<void> {
    const apply = (revocations: readonly Revocation[]) => this.apply(revocations);
    // A feed that cannot be opened is a silent one: polling makes up for it.
    this.#options.source.start(apply).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the revocation feed could not be followed');
    });
    await this.#poll();
  }

  apply(revocations: readonly Revocation[]): void {
    const isNews = revocations.some(({ kind, id }) => kind === 'key' && !this.#set.isKeyRevoked(id));
    this.#set.apply(revocations, this.#databaseSeconds());
    if (isNews) this.#options.onKeyRevoked?.();
  }

  isKeyRevoked(kid: string): boolean {
    return this.#set.isKeyRevoked(kid);
  }

  isRevoked(claims: { readonly sub: string; readonly sid: string; readonly jti: string }): boolean {
    return this.#set.isRevoked(claims);
  }

  /** Milliseconds for which a revocation could have been missed; Infinity before the first load. */
  lagMs(): number {
    if (!this.isLoaded) return Number.POSITIVE_INFINITY;
    return Math.min(this.#options.source.silentMs(), this.#nowMs() - this.#polledAtMs);
  }

  isStale(): boolean {
    return this.lagMs() > this.#staleAfterMs;
  }

  get size(): number {
    return this.#set.size;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#options.source.close();
  }

  /** Since the epoch, a little late rather than early; before the first load nothing is over. */
  #databaseSeconds(): number {
    return this.isLoaded ? this.#asOfMicros / 1e6 + (this.#nowMs() - this.#polledAtMs) / 1000 : 0;
  }

  async #poll(): Promise<void> {
    const { log, fetchSince } = this.#options;
    const beganMs = this.#nowMs();
    try {
      const since = this.isLoaded ? Math.max(0, this.#asOfMicros - overlapMicros) : 0;
      let page = readAnswer(await fetchSince(since));
      const { asOfMicros } = page;
      this.apply(page.revocations);
      while (page.next !== undefined) {
        page = readAnswer(await fetchSince(page.next.since, page.next.fromId));
        this.apply(page.revocations);
      }
      this.#asOfMicros = asOfMicros;
      this.#polledAtMs = beganMs;
      this.isLoaded = true;
    } catch (error) {
      log.warn({ err: error }, 'the revocations could not be fetched from auth');
    }
    if (!this.#isClosed) this.#tickLater();
  }

  /** Not all gateways at the same moment, whatever woke them together. */
  #tickLater(): void {
    const waitMs = pollSilentMs * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#tick(), waitMs).unref();
  }

  /** Twice a second: drops what is over, and polls when the feed is silent, or when the last poll is long ago. */
  #tick(): void {
    this.#set.prune(this.#databaseSeconds());
    const sincePollMs = this.#nowMs() - this.#polledAtMs;
    const isFeedSilent = this.#options.source.silentMs() > silentAfterMs;
    if (!this.isLoaded || isFeedSilent || sincePollMs >= pollCurrentMs) void this.#poll();
    else this.#tickLater();
  }
}

type Page = {
  readonly asOfMicros: number;
  readonly revocations: Revocation[];
  readonly next: { readonly since: number; readonly fromId: string } | undefined;
};

function readAnswer(json: unknown): Page {
  const { as_of: asOfMicros, revocations, next } = Object(json) as Record<string, unknown>;
  if (!Number.isSafeInteger(asOfMicros)) throw new Error('revocations: as_of is missing');
  return {
    asOfMicros: asOfMicros as number,
    revocations: readRevocations(revocations),
    // An auth from before there were pages sends none.
    next: next === null || next === undefined ? undefined : readNext(next),
  };
}

function readNext(json: unknown): Page['next'] {
  const { since, from_id: fromId } = Object(json) as Record<string, unknown>;
  if (!Number.isSafeInteger(since) || typeof fromId !== 'string' || !isUuidV7(fromId)) {
    throw new Error('revocations: next is malformed');
  }
  return { since: since as number, fromId };
}
