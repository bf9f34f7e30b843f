// For tests: a service as gateway.yaml would describe it, with short times.

import type { Service } from '../routing/route.ts';
import { noTlsFiles } from '../upstreams/client-tls.ts';

export function serviceConfig(origins: readonly string[], options: Partial<Service> = {}): Service {
  return {
    name: 'up',
    targets: origins.map((origin) => ({ origin, weight: 1 })),
    dnsRefreshMs: 20,
    protocol: 'http1',
    tls: noTlsFiles,
    balance: 'round_robin',
    timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: undefined, tunnelIdleMs: 1000 },
    retries: 1,
    health: undefined,
    breaker: { failurePercent: 50, minRequests: 10, windowMs: 10_000 },
    maxPending: 10,
    forwardToken: false,
    identity: 'headers',
    ...options,
  };
}
