// Whether a new password is taken (NIST SP 800-63B-4 section 3.1.1): long enough in code points after NFKC,
// bounded in bytes before any hashing, and neither common, leaked nor made of the service's or the
// account's own words. No rules of composition.

export type PasswordDecision =
  | { readonly kind: 'accepted'; readonly password: string }
  | { readonly kind: 'refused'; readonly details: readonly string[] };

export type PasswordRules = {
  readonly lengthMin: number;
  /** True for a lower-case password that is on a list of common and leaked ones. */
  readonly isCommon: (lowerCase: string) => boolean;
  /** The account's canonical address. */
  readonly email: string;
};

/** Bytes of UTF-8 that are hashed at most. */
const passwordBytesMax = 1024;
const serviceWords = ['pi', 'gateway'];

/** The password as it is hashed, or undefined when it is too long to be looked at. Login applies only this. */
export function normalizePassword(text: string): string | undefined {
  if (Buffer.byteLength(text) > passwordBytesMax) return undefined;
  const password = text.normalize('NFKC');
  return Buffer.byteLength(password) > passwordBytesMax ? undefined : password;
}

/** Decides on a password that somebody wants to set. */
export function decidePassword(text: string, rules: PasswordRules): PasswordDecision {
  const password = normalizePassword(text);
  if (password === undefined) return refused([`must have at most ${passwordBytesMax} bytes in UTF-8`]);
  const length = Array.from(password).length; // code points
  if (length < rules.lengthMin) return refused([`must have at least ${rules.lengthMin} characters`]);
  const lowerCase = password.toLowerCase();
  const isCommon = rules.isCommon(lowerCase) || new Set(lowerCase).size <= 2;
  const details = [
    ...(isCommon ? ['is on a list of common or leaked passwords'] : []),
    ...(isMadeOf(lowerCase, accountWords(rules.email)) ? ['is made of the e-mail address'] : []),
    ...(isMadeOf(lowerCase, serviceWords) ? ['is made of the name of this service'] : []),
  ];
  return details.length === 0 ? { kind: 'accepted', password } : refused(details);
}

/** True when nothing but the words, digits and punctuation is in the password. */
function isMadeOf(lowerCase: string, words: readonly string[]): boolean {
  let rest = lowerCase;
  for (const word of words) rest = rest.replaceAll(word, '');
  return rest !== lowerCase && !/\p{L}/u.test(rest);
}

// The longest words first: `example.com` before `example`.
function accountWords(email: string): string[] {
  const [local = '', domain = ''] = email.split('@');
  const words = [email, local, domain, ...local.split(/[^a-z0-9]+/), ...domain.split('.')];
  return words.filter((word) => word.length >= 3).toSorted((a, b) => b.length - a.length);
}

function refused(details: readonly string[]): PasswordDecision {
  return { kind: 'refused', details };
}
