// One service at run time: its targets, how many requests wait, and how many may be tried again. It lives on
// over a reload that does not change it, with its connections.

import type { Service } from '../routing/route.ts';
import { choose } from './balance.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { OpenLink } from './open-link.ts';
import { RetryBudget } from './retry-budget.ts';
import { UpstreamTarget } from './upstream-target.ts';

const none: readonly UpstreamTarget[] = Object.freeze([]);

export class UpstreamService {
  readonly config: Service;
  readonly targets: readonly UpstreamTarget[];
  readonly retryBudget = new RetryBudget();
  /** Requests that wait for the head of their answer. */
  pending = 0;

  constructor(config: Service, openLink: OpenLink) {
    this.config = config;
    const mayOpen = () => this.#mayOpenOneMore();
    this.targets = config.targets.map(
      (target) => new UpstreamTarget(target, openLink(target), new CircuitBreaker(config.breaker, mayOpen)),
    );
  }

  /** The target for the next request; `tried` are those that this request has failed on. */
  pick(nowMs: number, tried = none): UpstreamTarget {
    const { targets } = this;
    if (targets.length === 1) return targets[0]!;
    const { balance } = this.config;
    const fresh = targets.filter((target) => !tried.includes(target));
    const usable = fresh.filter((target) => target.isUsable(nowMs));
    if (usable.length > 0) return choose(balance, usable);
    // None is known to be sound: a guess is better than a refusal without a try.
    const healthy = fresh.filter((target) => target.isHealthy);
    return choose(balance, [healthy, fresh, targets].find((guesses) => guesses.length > 0)!);
  }

  async destroy(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.transport.destroy()));
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
