import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastMemoryKib } from '@pi-gateway/auth/crypto/argon2-floor.ts';
import fc from 'fast-check';
import { recommendParameters } from './recommend-parameters.ts';

const gib = 1024 * 1024;

test('as much memory as the time allows with two passes, then as many passes', () => {
  const machine = { msPerKibPass: 0.0005, memoryKibMax: 4 * gib, cores: 2 };
  assert.deepEqual(recommendParameters({ ...machine, targetMs: 250 }), { memoryKib: 196_608, passes: 2 });
  assert.deepEqual(recommendParameters({ ...machine, targetMs: 100 }), { memoryKib: 98_304, passes: 2 });
  assert.deepEqual(recommendParameters({ ...machine, targetMs: 1000 }), { memoryKib: 262_144, passes: 7 });
});

test('where memory is short, passes make up for it', () => {
  const machine = { msPerKibPass: 0.0005, memoryKibMax: gib / 4, cores: 8 };
  assert.deepEqual(recommendParameters({ ...machine, targetMs: 250 }), { memoryKib: 32_768, passes: 15 });
});

test('never weaker than the floor, never slower than the target unless the floor is', () => {
  fc.assert(
    fc.property(
      fc.record({
        targetMs: fc.integer({ min: 1, max: 5000 }),
        msPerKibPass: fc.double({ min: 0.0001, max: 0.01, noNaN: true }),
        memoryKibMax: fc.integer({ min: 1024, max: 64 * gib }),
        cores: fc.integer({ min: 1, max: 128 }),
      }),
      (options) => {
        const { memoryKib, passes } = recommendParameters(options);
        assert.ok(memoryKib >= leastMemoryKib(passes));
        const isFloor = memoryKib === leastMemoryKib(2) && passes === 2;
        assert.ok(isFloor || memoryKib * passes * options.msPerKibPass <= options.targetMs * 1.000_001);
        assert.ok(isFloor || memoryKib * options.cores <= options.memoryKibMax);
      },
    ),
  );
});
