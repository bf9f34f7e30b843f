// How many requests of a route are under way at once, in all and for each caller. Counted in this process alone: a
// count shared between processes would be wrong for ever after one of them was killed. What nobody holds takes no
// memory, so that the tables are never larger than the number of requests under way.

import type { Concurrency } from '../routing/route.ts';

export type Permit = { release(): void };
export type Entered =
  | { readonly kind: 'entered'; readonly permit: Permit }
  | { readonly kind: 'full'; readonly of: 'route' | 'caller' };

type Load = { total: number; readonly callers: Map<string, number> };

export class ConcurrencyLimits {
  readonly #loads = new Map<string, Load>();

  /** Routes with requests under way. */
  get size(): number {
    return this.#loads.size;
  }

  enter({ name, ...limit }: Concurrency, caller: string): Entered {
    const load = this.#loads.get(name) ?? { total: 0, callers: new Map() };
    if (limit.route !== undefined && load.total >= limit.route) return { kind: 'full', of: 'route' };
    const held = load.callers.get(caller) ?? 0;
    if (limit.caller !== undefined && held >= limit.caller) return { kind: 'full', of: 'caller' };
    load.total += 1;
    load.callers.set(caller, held + 1);
    this.#loads.set(name, load);
    return { kind: 'entered', permit: { release: () => this.#leave(load, name, caller) } };
  }

  #leave(load: Load, name: string, caller: string): void {
    load.total -= 1;
    const held = load.callers.get(caller)! - 1;
    if (held > 0) load.callers.set(caller, held);
    else load.callers.delete(caller);
    if (load.total === 0) this.#loads.delete(name);
  }
}
