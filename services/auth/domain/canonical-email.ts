// One spelling per address, used at register, login, limits and search, so that no two accounts can be one
// person's mailbox in two spellings (Django CVE-2019-19844). ASCII white space around is trimmed; the local
// part is an ASCII dot-atom (RFC 5322 section 3.2.3), the domain becomes ASCII by IDNA (UTS 46), all of it
// lower case. What Unicode folds onto ASCII (full-width letters, Kelvin sign, dotless i) is refused, never folded.

import { domainToASCII, domainToUnicode } from 'node:url';

export type CanonicalEmail =
  | { readonly kind: 'canonical'; readonly email: string }
  | { readonly kind: 'refused'; readonly detail: string };

const lengthMax = 254; // RFC 5321 section 4.5.3.1.3, less the angle brackets
const localMax = 64;
const dotAtom = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const internationalLabel = /^[a-z0-9\p{L}\p{M}\p{Nd}-]+$/u;

/** The one form of an address, or why it is none. Idempotent. */
export function canonicalEmail(text: string): CanonicalEmail {
  const trimmed = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  const at = trimmed.lastIndexOf('@');
  if (at < 1) return refused('must be an e-mail address');
  if (trimmed.length > lengthMax) return refused(`must have at most ${lengthMax} characters`);
  const local = lowerCase(trimmed.slice(0, at));
  if (local.length > localMax || !dotAtom.test(local)) {
    return refused('the part before the @ must be letters, digits and single dots in ASCII');
  }
  const domain = asciiDomain(trimmed.slice(at + 1));
  if (domain === undefined) return refused('the part after the @ must be a domain name');
  const email = `${local}@${domain}`;
  return email.length > lengthMax
    ? refused(`must have at most ${lengthMax} characters`)
    : { kind: 'canonical', email };
}

// domainToASCII also reads `1.2` or `0x7f.1` as an address and maps whatever it can (full-width letters, ᾐ to ἠι):
// only a name is taken of which each label is what it encodes to, or what that decodes to again.
function asciiDomain(text: string): string | undefined {
  const given = lowerCase(text).split('.');
  const encoded = domainToASCII(given.join('.'));
  const labels = encoded.split('.');
  const decoded = domainToUnicode(encoded).split('.');
  const isKept = given.every((part, i) => part === labels[i] || part === decoded[i]);
  if (!isKept || given.length !== labels.length) return undefined;
  if (!decoded.every((part) => isStable(part) && !part.startsWith('xn--'))) return undefined;
  const isName =
    labels.length >= 2 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1)!);
  return isName ? encoded : undefined;
}

function isStable(text: string): boolean {
  return internationalLabel.test(text) && text === text.normalize('NFKC').toLowerCase();
}

// Letter by letter, and none from beyond ASCII into it: toLowerCase would turn the Kelvin sign into k.
function lowerCase(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const lower = letter.toLowerCase();
    const isPlain = letter === letter.normalize('NFKC') && isStable(lower);
    return /^[A-Z]$/.test(letter) || (isPlain && /^\P{ASCII}$/u.test(lower)) ? lower : letter;
  });
}

function refused(detail: string): CanonicalEmail {
  return { kind: 'refused', detail };
}
