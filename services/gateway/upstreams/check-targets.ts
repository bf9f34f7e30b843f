// The active health checks: each target of a service with `health` is asked in the background. One refusal or
// failure takes it out, one good answer brings it back.

import { askStatus } from './ask-status.ts';
import type { UpstreamService } from './upstream-service.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Begins the checks of one service; the result ends them. */
export function checkTargets(service: UpstreamService): () => void {
  const { health, timeouts } = service.config;
  if (health === undefined) return () => {};
  const limitMs = Math.min(timeouts.headersMs, Math.max(health.intervalMs, 1000));
  const timer = setInterval(() => {
    for (const target of service.targets) void checkTarget(target, health.path, limitMs);
  }, health.intervalMs).unref();
  return () => clearInterval(timer);
}

async function checkTarget(target: UpstreamTarget, path: string, limitMs: number): Promise<void> {
  const status = await askStatus(target.transport, path, limitMs);
  target.isHealthy = status !== undefined && status < 400;
}
