// `--limit`, with the bounds of the API's lists.

import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} */
export function readLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 200) throw new InvalidArgumentError('Give a whole number from 1 to 200.');
  return limit;
}
