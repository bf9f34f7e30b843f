// Bodies far larger than any memory, both ways, fast and with a side that is slow to take them: the gateway holds no
// more of them than on a small one.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { download, type Transfer, upload } from './big-body.ts';
import { memoryOf, peakMemoryOf } from './memory-of.ts';
import { type Gateways, startGateways } from './start-gateways.ts';

export type StreamOptions = {
  readonly transport: 'undici' | 'lean';
  /** Of each body. */
  readonly bytes: number;
  readonly slowBytes: number;
  /** Before memory at rest is taken. */
  readonly restMs: number;
};

const yaml = ([origin]: readonly string[]) => `
services: { up: { targets: ["${origin}"] } }
routes:
  - { path: /stream/*, service: up, access: public, strip_prefix: /stream, body_limit_bytes: 1000000000000 }
`;

/** By how many megabytes the gateway grew above rest, at most, for each transfer; asserts that every byte came. */
export async function proveStreamsFlat({ transport, bytes, slowBytes, restMs }: StreamOptions) {
  const gateways = await startGateways(yaml, {
    workers: 1,
    services: 1,
    serviceMain: 'tests/proofs/stream-service.ts',
    env: { GATEWAY_TRANSPORT: transport },
  });
  try {
    await transfer(gateways, 'down', { bytes: 1000, isSlow: false, isChunked: false });
    await transfer(gateways, 'up', { bytes: 1000, isSlow: false, isChunked: false });
    await delay(restMs);
    const rest = memoryOf(gateways.workers[0]!.pid());
    const figures: Record<string, { mbAboveRest: number; seconds: number }> = {};
    for (const direction of ['down', 'up'] as const) {
      for (const isSlow of [false, true]) {
        const isChunked = isSlow;
        const startMs = performance.now();
        const { peak } = await peakMemoryOf(gateways.workers[0]!.pid(), () =>
          transfer(gateways, direction, { bytes: isSlow ? slowBytes : bytes, isSlow, isChunked }),
        );
        figures[`${direction}, ${isSlow ? 'slow, chunked' : 'fast, with a length'}`] = {
          mbAboveRest: (peak - rest) / 1e6,
          seconds: (performance.now() - startMs) / 1000,
        };
      }
    }
    const mostMbAboveRest = Math.max(...Object.values(figures).map(({ mbAboveRest }) => mbAboveRest));
    return { restMb: rest / 1e6, mostMbAboveRest, transfers: figures };
  } finally {
    await gateways.close();
  }
}

async function transfer(
  { port }: Gateways,
  direction: 'up' | 'down',
  what: Omit<Transfer, 'port'>,
): Promise<void> {
  if (direction === 'down') assert.ok((await download({ port, ...what })) > what.bytes, 'the body is whole');
  else assert.match(await upload({ port, ...what }), new RegExp(`{"bytes":${what.bytes}}`));
}
