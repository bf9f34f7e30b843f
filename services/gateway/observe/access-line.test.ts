import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccessEntry, encodeAccessLine } from './access-line.ts';

const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
const entries: fc.Arbitrary<AccessEntry> = fc.record({
  startedMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  request_id: text,
  trace_id: text,
  method: text,
  path: text,
  route: orNull(text),
  status: fc.nat(599),
  reason: orNull(text),
  principal: orNull(text),
  client: text,
  service: orNull(text),
  target: orNull(text),
  address: orNull(text),
  retries: fc.nat(9),
  duration_ms: fc.double({ min: 0, max: 1e8, noNaN: true }),
  gateway_ms: orNull(fc.double({ min: 0, max: 1e8, noNaN: true })),
  upstream_ms: orNull(fc.double({ min: 0, max: 1e8, noNaN: true })),
  bytes_in: fc.maxSafeNat(),
  bytes_out: fc.maxSafeNat(),
});

test('a line says what JSON.stringify would say of the same request', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      const { startedMs, ...rest } = entry;
      const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms * 1000) / 1000);
      const line = encodeAccessLine(entry);
      assert.deepEqual(JSON.parse(line), {
        time: new Date(Math.floor(startedMs)).toISOString(),
        ...(JSON.parse(JSON.stringify(rest)) as object),
        duration_ms: rounded(rest.duration_ms),
        gateway_ms: rounded(rest.gateway_ms),
        upstream_ms: rounded(rest.upstream_ms),
      });
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
    }),
  );
});
