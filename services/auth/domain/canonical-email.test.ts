import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import { canonicalEmail } from './canonical-email.ts';

const emailOf = (text: string) => {
  const result = canonicalEmail(text);
  return result.kind === 'canonical' ? result.email : undefined;
};

test('one spelling for all that name one mailbox', () => {
  const same = ['user@example.com', ' User@Example.COM ', '\tUSER@example.com\r\n'];
  for (const text of same) assert.equal(emailOf(text), 'user@example.com');
  assert.equal(emailOf('a@münchen.de'), 'a@xn--mnchen-3ya.de');
  assert.equal(emailOf('A@MÜNCHEN.DE'), 'a@xn--mnchen-3ya.de');
  assert.equal(emailOf('a@xn--mnchen-3ya.de'), 'a@xn--mnchen-3ya.de');
  assert.equal(emailOf('a@bücher.xn--mnchen-3ya.de'), 'a@xn--bcher-kva.xn--mnchen-3ya.de');
});

test('what Unicode folds onto ASCII is refused, never folded', () => {
  const lookalikes = [
    '\uFF55ser@example.com', // full-width u
    'user@\uFF45xample.com',
    'user@exam\u212Ale.com', // Kelvin sign
    'u\u212Aser@example.com',
    'm\u0131ke@example.com', // dotless i
    'user@ex\u0130mple.com', // I with a dot
    'user@\u212Bngstrom.se', // the sign, not the letter
    'user@\uFF25xample.com', // full-width E
    'user@example\u3002com', // ideographic full stop
    'user@exa\u00ADmple.com', // soft hyphen
    'us\u200Ber@example.com',
    'user@exa\u200Bmple.com',
    '\uFEFFuser@example.com',
    'user@\u2460.com',
    'user@\uFB01ne.com', // ligature
    'user@\u1F90.com', // a letter that IDNA takes for two
    'us\u0435r@example.com', // Cyrillic
    'ser@example.com\u0000',
  ];
  for (const text of lookalikes) assert.equal(emailOf(text), undefined, JSON.stringify(text));
});

test('what is no dot-atom at a domain name is refused', () => {
  const bad = [
    '',
    '@',
    'a',
    'a@',
    '@b.c',
    'a@b',
    'user@localhost',
    'a@b@c.de',
    '.a@b.de',
    'a.@b.de',
    'a..b@c.de',
    '"a b"@c.de',
    '"a"@c.de',
    'a b@c.de',
    'a@b.de.',
    'a@.b.de',
    'a@b..de',
    'a@-b.de',
    'a@b-.de',
    'a@b_c.de',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@0x7f.1',
    'a@1.2',
    'a@b.de\r\nBcc: c@d.de',
    'a@b.de, c@d.de',
    'a@b.de/x',
    'a@b.de:25',
    'a@b.de?x',
    'a@b%2ede',
    `${'a'.repeat(65)}@b.de`,
    `a@${'b'.repeat(64)}.de`,
    `a@${'bcd.'.repeat(63)}de`,
    'a@xn--a.de',
    'a(c)@b.de',
  ];
  for (const text of bad) assert.equal(emailOf(text), undefined, JSON.stringify(text));
  for (const text of ["o'hara+tag/x=y@b.de", `${'a'.repeat(64)}@b.de`, 'a@b-c.de', 'a@1and1.com']) {
    assert.equal(emailOf(text), text);
  }
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.emailAddress(),
  fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
    .map(([local, domain]) => `a${local}@${domain}.com`),
  fc
    .array(fc.constantFrom(...Array.from('aAzZ0-.üÜéÉаА漢ßıİ\u212Aſ\u0301\u200bｅ')), {
      minLength: 1,
      maxLength: 10,
    })
    .map((letters) => `user@${letters.join('')}.com`),
);

test('canonical is idempotent, ASCII, lower case and within bounds, for any text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const email = emailOf(text);
      if (email === undefined) return;
      assert.equal(emailOf(email), email);
      assert.match(email, /^[\x21-\x7e]{3,254}$/);
      assert.equal(email, email.toLowerCase());
    }),
    { numRuns: 5000 },
  );
});

test('capitals in ASCII and white space around change nothing, for any text', () => {
  const upper = (text: string) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  fc.assert(
    fc.property(anyText, (text) => {
      const email = emailOf(text);
      assert.equal(emailOf(upper(text)), email);
      assert.equal(emailOf(` \t${text}\r\n`), email);
    }),
    { numRuns: 5000 },
  );
});

test('nothing is folded: an address that is taken says what was typed, for any text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const email = emailOf(text);
      if (email === undefined) return;
      const [, local = '', domain = ''] = /^(.*)@(.*)$/s.exec(text.trim()) ?? [];
      const [name, host = ''] = email.split('@');
      assert.equal(
        name,
        local.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
      );
      const [encoded, decoded] = [host.split('.'), domainToUnicode(host).split('.')];
      for (const [i, typed] of domain.toLowerCase().split('.').entries()) {
        assert.ok(typed === encoded[i] || typed === decoded[i], `${typed} became ${encoded[i]}`);
      }
    }),
    { numRuns: 5000 },
  );
});
