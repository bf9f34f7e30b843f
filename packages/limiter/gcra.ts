// GCRA (see gcra.lua, whose twin this is): pure, time as an argument, whole microseconds.

import type { BucketState, Limit } from './limiter.ts';

export type Rate = {
  /** What one attempt costs. */
  readonly intervalMicros: number;
  /** What a full bucket holds: `count` intervals. */
  readonly burstMicros: number;
};

export type GcraStep = {
  readonly limited: boolean;
  /** What of the bucket is used afterwards. */
  readonly usedMicros: number;
  /** The bucket to keep: the microsecond at which it is full again; undefined when there is nothing to keep. */
  readonly tat: number | undefined;
};

export function rateOf({ count, periodSeconds }: Limit): Rate {
  const intervalMicros = Math.max(1, Math.floor((periodSeconds * 1_000_000) / count));
  return { intervalMicros, burstMicros: intervalMicros * count };
}

/**
 * One attempt at a bucket, or a look at it.
 * @param tat undefined when nothing is stored of it; then `rememberedMicros` of it count as used.
 */
export function gcra(
  tat: number | undefined,
  nowMicros: number,
  { intervalMicros, burstMicros }: Rate,
  mode: 'take' | 'peek',
  rememberedMicros = 0,
): GcraStep {
  const start = Math.min(Math.max(tat ?? nowMicros + rememberedMicros, nowMicros), nowMicros + burstMicros);
  const limited = start + intervalMicros - nowMicros > burstMicros;
  const end = mode === 'take' && !limited ? start + intervalMicros : start;
  const isKept = mode === 'peek' || (limited && tat !== undefined);
  return { limited, usedMicros: end - nowMicros, tat: isKept ? tat : end };
}

/** What is told of a bucket of which `usedMicros` are used. */
export function bucketState(
  { intervalMicros, burstMicros }: Rate,
  limited: boolean,
  usedMicros: number,
): BucketState {
  const remaining = Math.floor((burstMicros - usedMicros) / intervalMicros);
  const nextMicros = usedMicros - burstMicros + (remaining + 1) * intervalMicros;
  return { limited, remaining, resetSeconds: usedMicros <= 0 ? 0 : Math.ceil(nextMicros / 1_000_000) };
}
