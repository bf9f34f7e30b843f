// For tests: how what is at random is chosen.

import fc from 'fast-check';

export const pick = (...texts: readonly string[]) => fc.constantFrom(...texts);
/** Mostly the first. */
export const mostly = <T>(first: fc.Arbitrary<T>, ...rest: readonly fc.Arbitrary<T>[]) =>
  fc.oneof(
    { arbitrary: first, weight: 6 * rest.length },
    ...rest.map((arbitrary) => ({ arbitrary, weight: 1 })),
  );
