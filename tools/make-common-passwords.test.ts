import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hasText, probes } from '@pi-gateway/auth/crypto/bloom-filter.ts';
import { commonPasswordsFile, loadCommonPasswords } from '@pi-gateway/auth/crypto/common-passwords.ts';
import { fillFilter, readCommonPasswords } from './make-common-passwords.ts';

const lists = readCommonPasswords();
const committed = readFileSync(commonPasswordsFile);
const page = readFileSync(new URL('../docs/explanation/passwords.md', import.meta.url), 'utf8');

test('the committed filter of common passwords is what the pinned packages make', () => {
  assert.ok(
    committed.equals(fillFilter(lists)),
    'run: node tools/make-common-passwords.ts, then mend the figures in docs/explanation/passwords.md',
  );
});

test('at least a hundred thousand passwords are on the list, and the page tells how many', () => {
  const { size } = lists.passwords;
  const long = [...lists.passwords].filter((password) => Array.from(password).length >= 12).length;
  assert.ok(size >= 100_000, String(size));
  for (const count of [size, long]) assert.ok(page.includes(count.toLocaleString('en')), String(count));
});

test('every password on the list is refused in any case, and its common words with anything behind', async () => {
  const common = await loadCommonPasswords();
  for (const password of lists.passwords) assert.ok(common.has(password), password);
  for (const stem of lists.stems) assert.ok(common.has(`${stem}123456!`), stem);
});

test('less than one other password in a million is refused by mistake', () => {
  const on = committed.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  const mistaken = (on / (committed.length * 8)) ** probes;
  assert.ok(mistaken <= 1e-6, String(mistaken));
  const others = Array.from({ length: 100_000 }, (_, i) => `none of the list ${i}`);
  const refused = others.filter((text) => hasText(committed, text)).length;
  assert.ok(refused <= 2, `${refused} of ${others.length}`);
});
