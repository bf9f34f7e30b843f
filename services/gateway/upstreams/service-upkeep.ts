// What runs beside the requests of each service in force: its health checks, and the look-ups of its targets' names.

import type { UpstreamService } from './upstream-service.ts';

/** Begins the work for one service; the result ends it. */
export type Upkeep = (service: UpstreamService) => () => void;

export class ServiceUpkeep {
  readonly #works: readonly Upkeep[];
  readonly #running = new Map<UpstreamService, readonly (() => void)[]>();

  constructor(...works: readonly Upkeep[]) {
    this.#works = works;
  }

  /** Begins and ends work so that exactly these services are kept. */
  follow(services: ReadonlyMap<string, UpstreamService>): void {
    const wanted = new Set(services.values());
    for (const [service, stops] of this.#running) {
      if (wanted.has(service)) continue;
      for (const stop of stops) stop();
      this.#running.delete(service);
    }
    for (const service of wanted) {
      if (this.#running.has(service)) continue;
      this.#running.set(
        service,
        this.#works.map((begin) => begin(service)),
      );
    }
  }

  close(): void {
    this.follow(new Map());
  }
}
