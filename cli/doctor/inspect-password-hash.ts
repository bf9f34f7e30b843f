// The password hash at its configured parameters: strong enough, what a login takes of this machine, and which
// parameters would take as long as people bear.

import { availableParallelism, totalmem } from 'node:os';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { leastMemoryKib } from '@pi-gateway/auth/crypto/argon2-floor.ts';
import type { PasswordHashOptions } from '@pi-gateway/auth/crypto/password-hash.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';
import { type HashTimes, measureHash } from './measure-hash.ts';
import { recommendParameters } from './recommend-parameters.ts';

// Of the machine's memory, for all hashes in flight.
const memoryShare = 1 / 8;
// An estimate over another size of memory is off by the caches: so often it is measured and estimated anew.
const triesMax = 3;

const cores = availableParallelism();

/** Nothing when a setting is malformed, which another finding names. */
export async function inspectPasswordHash(io: Io, targetMs: number): Promise<Finding[]> {
  const parameters = readParameters(io);
  if (parameters === undefined) return [];
  const times = await measureHash(parameters);
  return [judge(parameters, times, targetMs), await recommend(parameters, times, targetMs)];
}

function readParameters(io: Io): PasswordHashOptions | undefined {
  try {
    const { passwordHashMemoryKib, passwordHashPasses } = readSettings(authSettings, io.env);
    return { memoryKib: passwordHashMemoryKib, passes: passwordHashPasses };
  } catch {
    return undefined;
  }
}

function judge(parameters: PasswordHashOptions, times: HashTimes, targetMs: number): Finding {
  const part = 'password hash';
  const { memoryKib, passes } = parameters;
  const figures = figuresOf(parameters, times);
  const floorKib = leastMemoryKib(passes);
  if (memoryKib < floorKib) {
    const detail = `argon2id m=${memoryKib} t=${passes} p=1 is below OWASP's floor, and auth does not start with it: set PASSWORD_HASH_MEMORY_KIB to ${floorKib} or more`;
    return { part, state: 'fail', detail, figures };
  }
  const isSlow = times.atOnceMs > targetMs;
  const detail = `argon2id m=${memoryKib} t=${passes} p=1, not below OWASP's floor: ${describe(times)}${isSlow ? `; longer than ${targetMs} ms` : ''}`;
  return { part, state: isSlow ? 'warn' : 'ok', detail, figures };
}

async function recommend(given: PasswordHashOptions, givenTimes: HashTimes, targetMs: number) {
  let [parameters, times] = [given, givenTimes];
  for (let tries = 0; tries < triesMax; tries++) {
    const next = recommendParameters({
      targetMs,
      msPerKibPass: times.atOnceMs / (parameters.memoryKib * parameters.passes),
      memoryKibMax: (totalmem() / 1024) * memoryShare,
      cores,
    });
    if (next.memoryKib === parameters.memoryKib && next.passes === parameters.passes) break;
    parameters = next;
    times = await measureHash(parameters);
    if (times.atOnceMs <= targetMs) break;
  }
  const { memoryKib, passes } = parameters;
  const finding: Finding = {
    part: `password hash within ${targetMs} ms`,
    state: 'ok',
    detail: `PASSWORD_HASH_MEMORY_KIB=${memoryKib} PASSWORD_HASH_PASSES=${passes}: ${describe(times)}`,
    figures: figuresOf(parameters, times),
  };
  return finding;
}

function describe({ aloneMs, atOnceMs, perSecond }: HashTimes): string {
  return `${aloneMs.toFixed(0)} ms alone, ${atOnceMs.toFixed(0)} ms with one on each of ${cores} cores, ${perSecond.toFixed(0)} logins a second at most`;
}

function figuresOf({ memoryKib, passes }: PasswordHashOptions, times: HashTimes) {
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    memory_kib: memoryKib,
    passes,
    alone_ms: round(times.aloneMs),
    at_once_ms: round(times.atOnceMs),
    per_second: round(times.perSecond),
    cores,
  };
}
