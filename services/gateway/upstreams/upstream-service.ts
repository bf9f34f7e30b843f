// One service at run time: its targets, how many requests wait, and how many may be tried again. It lives on
// over a reload that does not change it, with its connections.

import type { Service, Target } from '../routing/route.ts';
import { choose } from './balance.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { OpenLink } from './open-link.ts';
import { RetryBudget } from './retry-budget.ts';
import { UpstreamTarget } from './upstream-target.ts';

const none: readonly UpstreamTarget[] = Object.freeze([]);

export class UpstreamService {
  readonly config: Service;
  /** Never empty. A name that leads to several addresses is several of them. */
  targets: readonly UpstreamTarget[];
  readonly retryBudget = new RetryBudget();
  /** Requests that wait for the head of their answer. */
  pending = 0;
  readonly #openLink: OpenLink;
  readonly #onLeftOut: (target: UpstreamTarget, isLeftOut: boolean) => void;

  /** `onLeftOut`: a target's breaker has opened, or closed again. */
  constructor(
    config: Service,
    openLink: OpenLink,
    onLeftOut: (target: UpstreamTarget, isLeftOut: boolean) => void = () => {},
  ) {
    this.config = config;
    this.#openLink = openLink;
    this.#onLeftOut = onLeftOut;
    this.targets = config.targets.map((target) => this.#open(target));
  }

  /** The target for the next request; `tried` are those that this request has failed on. */
  pick(nowMs: number, tried = none): UpstreamTarget {
    const { targets } = this;
    if (targets.length === 1) return targets[0]!;
    const { balance } = this.config;
    const fresh = targets.filter((target) => !tried.includes(target));
    const usable = fresh.filter((target) => target.isUsable(nowMs));
    if (usable.length > 0) return choose(balance, usable);
    // None is known to be sound: a guess is better than a refusal without a try. What became of requests is newer than
    // the last check: while two are restarted one after the other, the check still says of each what was true before.
    const allowed = fresh.filter(({ breaker }) => breaker.mayTry(nowMs));
    const healthy = fresh.filter((target) => target.isHealthy);
    return choose(balance, [allowed, healthy, fresh, targets].find((guesses) => guesses.length > 0)!);
  }

  /**
   * True when a request may go out again, and is counted; `tried` are those it has failed on. One that has reached
   * nobody and goes to a target it has not been to is no second time for any of them, so it needs no budget.
   */
  takeRetry(hasReached: boolean, tried: readonly UpstreamTarget[]): boolean {
    const hasFresh = this.targets.some((target) => !tried.includes(target));
    return (!hasReached && hasFresh) || this.retryBudget.take();
  }

  /**
   * Where the name of a target leads now. Those that are new count as unhealthy until a check says otherwise; those
   * that are gone get no further request, and what they have under way comes to its end.
   */
  setAddresses(origin: string, addresses: readonly string[]): void {
    this.targets = this.config.targets.flatMap((target) => {
      const running = this.targets.filter((one) => one.origin === target.origin);
      if (target.origin !== origin) return running;
      const named = addresses.map(
        (address) => running.find((one) => one.address === address) ?? this.#openNew(target, address),
      );
      const isProven = named.some(({ isHealthy }) => isHealthy);
      return [...named, ...(isProven ? [] : running.filter(({ address }) => address === undefined))];
    });
  }

  /** What a check of a target said. With its first sound address a name is not looked up for each connection any more. */
  noteHealth(target: UpstreamTarget, isHealthy: boolean): void {
    target.isHealthy = isHealthy;
    if (!isHealthy || target.address === undefined || !this.targets.includes(target)) return;
    this.targets = this.targets.filter(
      ({ origin, address }) => origin !== target.origin || address !== undefined,
    );
  }

  async destroy(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.transport.destroy()));
  }

  #open(target: Target, address?: string): UpstreamTarget {
    const breaker = new CircuitBreaker(this.config.breaker, {
      mayOpen: () => this.#mayOpenOneMore(),
      onChange: (isClosed) => this.#onLeftOut(opened, !isClosed),
    });
    const opened = new UpstreamTarget(target, this.#openLink(target, address), breaker, address);
    return opened;
  }

  #openNew(target: Target, address: string): UpstreamTarget {
    const opened = this.#open(target, address);
    opened.isHealthy = false;
    return opened;
  }

  /**
   * Failures that all targets share (a bad release, a database that is down) would take one after the other out
   * and heap the load on the last: a share of failures alone takes out half of them at most.
   */
  #mayOpenOneMore(): boolean {
    const out = this.targets.filter(({ isHealthy, breaker }) => !(isHealthy && breaker.isClosed));
    return (out.length + 1) * 2 <= this.targets.length;
  }
}
