// A whole number from 1 up to a bound, as the value of an option.

import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} by the function it gives. */
export function readWholeUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) throw new InvalidArgumentError(`Give a whole number from 1 to ${max}.`);
    return value;
  };
}
