// Common and leaked passwords, half a million of them in two megabytes (docs/explanation/passwords.md): a filter
// that misses none of them and refuses less than one other password in a million. Made by
// tools/make-common-passwords.ts; read when the first password is judged, since a service that only signs
// people in never needs it.

import { readFile } from 'node:fs/promises';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { hasText } from './bloom-filter.ts';

export type CommonPasswords = {
  /** For a password in lower case: on the list, or one of its first with digits and signs behind. */
  readonly has: (lowerCase: string) => boolean;
};

export const commonPasswordsFile = new URL('./common-passwords.bloom', import.meta.url);

/**
 * How one of the most common words stands in the filter, beside the passwords themselves: `password123456` is as
 * good as `password`, while a rare word with digits behind is not.
 */
export function stemEntry(word: string): string {
  return `${word}\n`;
}

let loaded: Promise<CommonPasswords> | undefined;

/** @throws {AppError} `unavailable` when the list cannot be read; the next call tries again. */
export function loadCommonPasswords(): Promise<CommonPasswords> {
  loaded ??= readFile(commonPasswordsFile).then(
    (bits) => ({
      has: (text) => hasText(bits, text) || hasText(bits, stemEntry(text.replace(/[^\p{L}]+$/u, ''))),
    }),
    (cause: unknown) => {
      loaded = undefined;
      throw new AppError('unavailable', { cause });
    },
  );
  return loaded;
}
