// The settings that only `npm run stack` reads.

import { whole } from '@pi-gateway/env/setting-kinds.ts';

export const stackSettings = {
  gatewayWorkers: whole('GATEWAY_WORKERS', {
    default: '2',
    min: 1,
    max: 64,
    doc: 'Gateway processes of `npm run stack`; they share GATEWAY_PORT (Linux), and each has its own metrics port from GATEWAY_METRICS_PORT up.',
  }),
} as const;
