// A span of time as the value of an option: a whole number and its unit, e.g. 90s, 15m, 24h, 7d.

import { InvalidArgumentError } from 'commander';

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds, up to a bound. @throws {InvalidArgumentError} by the function it gives. */
export function readDurationUpTo(max: number): (text: string) => number {
  return (text) => {
    const [, count = '', unit = ''] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
    const value = Number(count) * (seconds[unit as keyof typeof seconds] ?? Number.NaN);
    if (!(value >= 0 && value <= max)) {
      throw new InvalidArgumentError(`Give a number and s, m, h or d, at most ${max / 86_400}d.`);
    }
    return value;
  };
}
