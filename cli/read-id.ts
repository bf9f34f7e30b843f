// An id as the value of an argument.

import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} for what is no UUIDv7. */
export function readId(text: string): string {
  const id = text.toLowerCase();
  if (!isUuidV7(id)) throw new InvalidArgumentError('Give a UUIDv7.');
  return id;
}
