import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCommonPasswords } from '../crypto/common-passwords.ts';
import { decidePassword, normalizePassword } from './decide-password.ts';

const { has: isCommon } = await loadCommonPasswords();
const decide = (password: string, email = 'user@example.com', lengthMin = 12) =>
  decidePassword(password, { lengthMin, isCommon, email }).kind;

test('the defaults take ordinary good passwords, whatever they are composed of', () => {
  for (const password of [
    'StrongPass123',
    'correct horse battery',
    '            a b',
    'ключ-от-города',
    '929105834710',
    'Tr0ub4dor&3 is long',
    'kq7#Vw-92xLmPz',
    'purple-otter-47-sings',
  ]) {
    assert.equal(decide(password), 'accepted', password);
  }
});

test('common and leaked ones, and common ones with digits behind, are refused', () => {
  for (const password of [
    'password1234',
    'PASSWORD123456',
    'qwertyuiop12',
    '123456789012',
    'Passw0rd!!!!',
    '1qaz2wsx3edc4rfv',
    'YankeesInChura',
    '147258369159357',
    'aaaaaaaaaaaa',
    'abababababab',
    'ｐａｓｓｗｏｒｄ１２３４',
  ]) {
    assert.equal(decide(password), 'refused', password);
  }
});

test('what is made of the address or the service is refused, what only contains it is not', () => {
  assert.equal(decide('jane.doe-1987', 'jane.doe@example.com'), 'refused');
  assert.equal(decide('Example.com!!1', 'jane.doe@example.com'), 'refused');
  assert.equal(decide('janeJaneJANE1', 'jane@example.com'), 'refused');
  assert.equal(decide('jane likes tea', 'jane@example.com'), 'accepted');
  assert.equal(decide('pi-gateway-pi'), 'refused');
});

test('length counts code points after NFKC; the bound counts bytes of UTF-8', () => {
  assert.equal(decide('😀🐢🦊🐸🐝🦉🐙🐌🦂🐧🐨'), 'refused');
  assert.equal(decide('😀🐢🦊🐸🐝🦉🐙🐌🦂🐧🐨🐷'), 'accepted');
  assert.equal(normalizePassword('x'.repeat(1024))?.length, 1024);
  assert.equal(normalizePassword('x'.repeat(1025)), undefined);
  assert.equal(normalizePassword('\ufdfa'.repeat(60)), undefined, 'grows by NFKC');
});
