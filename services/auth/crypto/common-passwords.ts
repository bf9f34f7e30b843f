// Common and leaked passwords, about fifty thousand from the zxcvbn-ts list, most common first. Loaded when
// the first password is judged, since a service that only signs people in never needs it.

export type CommonPasswords = {
  /** For a password in lower case: on the list, or one of its first with digits and signs behind. */
  readonly has: (lowerCase: string) => boolean;
};

// `password123456` is as good as `password`; a rare word with digits behind is not.
const mostCommon = 5000;

let loaded: Promise<CommonPasswords> | undefined;

export function loadCommonPasswords(): Promise<CommonPasswords> {
  loaded ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const words = dictionary['passwords-common'].map((word) => word.toLowerCase());
    const all = new Set(words);
    const first = new Set(words.slice(0, mostCommon));
    return { has: (text) => all.has(text) || first.has(text.replace(/[^\p{L}]+$/u, '')) };
  });
  return loaded;
}
