// The active health checks: each target of a service with `health` is asked in the background. One refusal or
// failure takes it out, one good answer brings it back.

import { askStatus } from './ask-status.ts';
import type { Connector } from './connector.ts';
import type { UpstreamService } from './upstream-service.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Begins the checks of one service; the result ends them. */
export function checkTargets(service: UpstreamService): () => void {
  const { health } = service.config;
  if (health === undefined) return () => {};
  const timer = setInterval(() => {
    for (const target of service.targets) void checkTarget(service, target);
  }, health.intervalMs).unref();
  return () => clearInterval(timer);
}

/** By its health path; a service without one shows that it takes connections. */
export async function checkTarget(service: UpstreamService, target: UpstreamTarget): Promise<void> {
  const { health, timeouts, protocol } = service.config;
  if (health === undefined) {
    const alpn = protocol === 'http1' ? 'http/1.1' : 'h2';
    return service.noteHealth(target, await takesConnections(target.connector, alpn));
  }
  const limitMs = Math.min(timeouts.headersMs, Math.max(health.intervalMs, 1000));
  const status = await askStatus(target.transport, health.path, limitMs);
  service.noteHealth(target, status !== undefined && status < 400);
}

function takesConnections(connector: Connector, alpn: 'http/1.1' | 'h2'): Promise<boolean> {
  return new Promise((resolve) => {
    connector.connect(alpn, (_error, socket) => {
      socket?.on('error', () => {}).destroy();
      resolve(socket !== null);
    });
  });
}
