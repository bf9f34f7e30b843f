// The active health checks of all services in force.

import { checkTargets } from './check-targets.ts';
import type { UpstreamService } from './upstream-service.ts';

export class HealthChecks {
  readonly #running = new Map<UpstreamService, () => void>();

  /** Begins and ends checks so that exactly these services are checked. */
  follow(services: ReadonlyMap<string, UpstreamService>): void {
    const wanted = new Set(services.values());
    for (const [service, stop] of this.#running) {
      if (wanted.has(service)) continue;
      stop();
      this.#running.delete(service);
    }
    for (const service of wanted) {
      if (!this.#running.has(service)) this.#running.set(service, checkTargets(service));
    }
  }

  close(): void {
    this.follow(new Map());
  }
}
