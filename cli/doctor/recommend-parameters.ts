// Which argon2id parameters make a hash take as long as may be: more memory first, since memory is what an attacker
// with special hardware has least of, then more passes. Pure; the times come from measured ones.

import { leastMemoryKib } from '@pi-gateway/auth/crypto/argon2-floor.ts';
import type { PasswordHashOptions } from '@pi-gateway/auth/crypto/password-hash.ts';

export type RecommendOptions = {
  /** Of one hash with one on each core. */
  readonly targetMs: number;
  /** What a KiB costs in one pass, by a measurement. */
  readonly msPerKibPass: number;
  /** All that hashes in flight may take of the machine. */
  readonly memoryKibMax: number;
  readonly cores: number;
};

const memoriesKib = [262_144, 196_608, 131_072, 98_304, 65_536, 47_104, 32_768, 19_456] as const;
const passesMax = 20;

/** OWASP's floor where even that takes longer than the target. */
export function recommendParameters(options: RecommendOptions): PasswordHashOptions {
  const { targetMs, msPerKibPass, memoryKibMax, cores } = options;
  const passesFor = (memoryKib: number) =>
    Math.min(passesMax, Math.floor(targetMs / (memoryKib * msPerKibPass)));
  const isSound = (memoryKib: number) =>
    memoryKib * cores <= memoryKibMax && passesFor(memoryKib) >= 2 && memoryKib >= leastMemoryKib(2);
  const memoryKib = memoriesKib.find(isSound);
  return memoryKib === undefined
    ? { memoryKib: leastMemoryKib(2), passes: 2 }
    : { memoryKib, passes: passesFor(memoryKib) };
}
