// How a process leaves: auth and the gateway have it in common.

import { whole } from './setting-kinds.ts';

export const drainSettings = {
  shutdownDelayMs: whole('SHUTDOWN_DELAY_MS', {
    default: '0',
    min: 0,
    max: 60_000,
    doc: 'After SIGTERM: how long requests are still taken while /readyz says 503, so that load balancers see it and send the next ones elsewhere.',
  }),
} as const;
