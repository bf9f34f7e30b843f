// The proofs of docs/explanation/gateway-under-attack.md that take long.

import { proveAbortsLeaveNothing } from './aborts.ts';
import { proveAuthorisedPath } from './authorised-path.ts';
import { proveStreamsFlat } from './big-streams.ts';
import { hasMore } from './descriptors-of.ts';
import { measureIdleStreams } from './idle-streams.ts';
import { judge, type Proof } from './proof.ts';
import { proveKilledTargetsUnnoticed, proveReloadUnnoticed } from './reload.ts';

const results = 'gateway-under-attack.json';
const load = { seconds: 60, perSecond: 1000 };
const reached = 990;
const transports = ['undici', 'lean'] as const;
const kinds = ['event streams', 'WebSockets'] as const;

export const gatewayProofs: readonly Proof[] = [
  {
    name: 'authorised-path',
    results,
    async run() {
      const figures = await proveAuthorisedPath({ generated: 30_000, everyDisguise: 1, seed: 20_261_129 });
      return judge(figures, [
        [figures.differences === 0, 'no path that was judged otherwise than it was received'],
        [figures.forwarded >= 1000, 'a thousand that are forwarded'],
      ]);
    },
  },
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
  ...transports.map((transport) => ({
    name: `big-streams-${transport}`,
    results,
    async run() {
      const figures = await proveStreamsFlat({ transport, bytes: 5e9, slowBytes: 1e9, restMs: 5000 });
      return judge(figures, [[figures.mostMbAboveRest <= 30, 'at most 30 MB above rest']]);
    },
  })),
  ...transports.map((transport) => ({
    name: `aborts-${transport}`,
    results,
    async run() {
      const figures = await proveAbortsLeaveNothing({
        transport,
        aborts: 10_000,
        warmUp: 1000,
        settleMs: 8000,
      });
      const { descriptorsBefore, descriptorsAfter } = figures;
      return judge(figures, [
        [!hasMore(descriptorsAfter, descriptorsBefore), 'no more descriptors than before'],
        [figures.underWay.every((count) => count === 0), 'nothing under way'],
        // A hundred bytes for each of them: less than a socket, a request or a timer that is kept would take.
        [figures.moreMbAfterAll <= 16, 'at most 16 MB above rest'],
      ]);
    },
  })),
  ...transports.flatMap((transport) =>
    kinds.map((kind) => ({
      name: `idle-${kind.replace(' ', '-').toLowerCase()}-${transport}`,
      results,
      async run() {
        const figures = await measureIdleStreams({ transport, kind, streams: 1000 });
        return judge(figures, [[figures.moreKb <= 20, 'at most 20 KB each above the bare proxy']]);
      },
    })),
  ),
];
