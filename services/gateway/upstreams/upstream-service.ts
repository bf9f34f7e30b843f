// One service at run time: its targets, how many requests wait, and how many may be tried again. It lives on
// over a reload that does not change it, with its connections.

import type { Service } from '../routing/route.ts';
import { RetryBudget } from './retry-budget.ts';
import type { Transport } from './transport.ts';
import { UpstreamTarget } from './upstream-target.ts';

export class UpstreamService {
  readonly config: Service;
  readonly targets: readonly UpstreamTarget[];
  readonly retryBudget = new RetryBudget();
  /** Requests that wait for the head of their answer. */
  pending = 0;
  #next = 0;

  constructor(config: Service, openTransport: (origin: string) => Transport) {
    this.config = config;
    this.targets = config.targets.map((origin) => new UpstreamTarget(origin, openTransport(origin)));
  }

  /**
   * The target for the next request. `avoid` is one that this request has failed on. When none is usable the
   * best guess is better than a refusal without a try.
   */
  pick(nowMs: number, avoid?: UpstreamTarget): UpstreamTarget {
    const { targets } = this;
    if (targets.length === 1) return targets[0]!;
    const start = this.#next++ % targets.length;
    let best: UpstreamTarget | undefined;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[(start + i) % targets.length]!;
      if (target === avoid || !target.isUsable(nowMs)) continue;
      if (this.config.balance === 'round_robin') return target;
      if (best === undefined || target.active < best.active) best = target;
    }
    return best ?? targets.find((target) => target !== avoid && target.isHealthy) ?? targets[start]!;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.transport.destroy()));
  }
}
