// The proofs of docs/explanation/gateway-under-attack.md that take long.

import { judge, type Proof } from './proof.ts';
import { proveKilledTargetsUnnoticed, proveReloadUnnoticed } from './reload.ts';

const results = 'gateway-under-attack.json';
const load = { seconds: 60, perSecond: 1000 };
const reached = 990;

export const gatewayProofs: readonly Proof[] = [
  {
    name: 'reload',
    results,
    async run() {
      const figures = await proveReloadUnnoticed({ ...load, sockets: 100, reloadEveryMs: 1000 });
      return judge(figures, [
        [Object.keys(figures.failed).length === 0, 'no failed request'],
        [figures.dropped === 0, 'no dropped WebSocket'],
        [figures.perSecond >= reached, '1,000 requests a second'],
      ]);
    },
  },
  {
    name: 'killed-targets',
    results,
    async run() {
      const figures = await proveKilledTargetsUnnoticed({ ...load, killEveryMs: 2000 });
      return judge(figures, [
        [Object.keys(figures.failed).length === 0, 'no failed request'],
        [figures.perSecond >= reached, '1,000 requests a second'],
      ]);
    },
  },
];
