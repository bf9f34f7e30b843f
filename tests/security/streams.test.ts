// The short forms of tests/proofs/big-streams.ts and tests/proofs/idle-streams.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveStreamsFlat } from '../proofs/big-streams.ts';
import { measureIdleStreams } from '../proofs/idle-streams.ts';

for (const transport of ['undici', 'lean'] as const) {
  test(`large bodies both ways, fast and slow, leave the memory of the gateway flat, over ${transport}`, async () => {
    const size = { bytes: 300e6, slowBytes: 30e6, restMs: 1500 };
    const { mostMbAboveRest } = await proveStreamsFlat({ transport, ...size });
    assert.ok(mostMbAboveRest <= 40, `${mostMbAboveRest} MB above rest`);
  });
}

test('an idle event stream and an idle WebSocket cost little more than their sockets', async () => {
  for (const kind of ['event streams', 'WebSockets'] as const) {
    const { moreKb } = await measureIdleStreams({ transport: 'undici', kind, streams: 500 });
    assert.ok(moreKb <= 40, `${moreKb} KB each for ${kind}`);
  }
});
