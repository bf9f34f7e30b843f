// For tests: does work grow with the size of the input, or with its square? No bound in milliseconds tells, for
// the machine is busy. So the same amount is done in many small pieces and in one big piece, and the processor
// time of both is compared: linear work costs the same, quadratic work `factor` times as much.

import assert from 'node:assert/strict';

const factor = 32;
const rounds = 5;

/** @param run does the work for an input of the size it is given; called with `size / 32` and with `size`. */
export function assertLinear(what: string, size: number, run: (size: number) => void): void {
  const pieces = () => {
    for (let i = 0; i < factor; i += 1) run(Math.floor(size / factor));
  };
  const whole = () => run(size);
  // Once unmeasured, for the compiler; then in turn, and the least of each, so that nobody's pause counts.
  const spent = { pieces: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  for (let round = 0; round <= rounds; round += 1) {
    const [piecesMicros, wholeMicros] = [processorMicros(pieces), processorMicros(whole)];
    if (round === 0) continue;
    spent.pieces = Math.min(spent.pieces, piecesMicros);
    spent.whole = Math.min(spent.whole, wholeMicros);
  }
  const growth = spent.whole / Math.max(spent.pieces, 100);
  assert.ok(
    growth < Math.sqrt(factor) * 1.5,
    `${what}: ${factor} times the input, ${growth} times the cost a byte`,
  );
}

function processorMicros(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
