// How long argon2id takes on this machine, as the auth service runs it: with one hash on each core at once, which
// share the memory, each takes longer than alone.

import { availableParallelism } from 'node:os';
import { createPasswordHash, type PasswordHashOptions } from '@pi-gateway/auth/crypto/password-hash.ts';

export type HashTimes = {
  /** One by itself. */
  readonly aloneMs: number;
  /** One on each core. */
  readonly atOnceMs: number;
  readonly perSecond: number;
};

const rounds = 3;

/** The best of a few rounds each: what else the machine does takes nothing off it. */
export async function measureHash(parameters: PasswordHashOptions): Promise<HashTimes> {
  const passwordHash = createPasswordHash(parameters);
  const cores = availableParallelism();
  const best = async (count: number): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      await Promise.all(Array.from({ length: count }, () => passwordHash.hash('measured by pi doctor')));
      times.push(performance.now() - startMs);
    }
    return Math.min(...times);
  };
  const aloneMs = await best(1);
  const atOnceMs = await best(cores);
  return { aloneMs, atOnceMs, perSecond: (cores * 1000) / atOnceMs };
}
