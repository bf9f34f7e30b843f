// The short form of tests/proofs/aborts.ts: too few for memory to tell anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveAbortsLeaveNothing } from '../proofs/aborts.ts';

test('crowds that leave in every state give all they had back, over either client towards services', async () => {
  for (const transport of ['undici', 'lean'] as const) {
    const size = { aborts: 40, warmUp: 20, settleMs: 100 };
    const { descriptorsBefore, descriptorsAfter, underWay } = await proveAbortsLeaveNothing({
      transport,
      ...size,
    });
    assert.deepEqual(underWay, [0, 0]);
    for (const [kind, count] of Object.entries(descriptorsAfter)) {
      assert.ok(count <= (descriptorsBefore[kind] ?? 0), `${count} of ${kind}`);
    }
  }
});
