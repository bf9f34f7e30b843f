// An address as somebody typed it → the one spelling that accounts have.

import { canonicalEmail } from '@pi-gateway/auth/domain/canonical-email.ts';
import { CliError } from './cli-error.ts';

/** @throws {CliError} when it is no address. */
export function readEmail(text: string): string {
  const read = canonicalEmail(text);
  if (read.kind === 'refused') throw new CliError(1, `${JSON.stringify(text)} ${read.detail}`);
  return read.email;
}
