// The kinds of settings: text in, typed value out. Each throws an Error that says what is expected.

import type { Setting } from './settings.ts';

type Doc = { readonly default?: string; readonly doc: string; readonly secret?: boolean };

function setting<T>(name: string, about: Doc, read: (text: string) => T): Setting<T> {
  return { name, default: about.default, doc: about.doc, secret: about.secret ?? false, read };
}

type Given<T, D extends Doc> = D extends { readonly default: string } ? T : T | undefined;

function kind<T, D extends Doc>(name: string, about: D, read: (text: string) => T): Setting<Given<T, D>> {
  return setting(name, about, read) as Setting<Given<T, D>>;
}

function readWhole(text: string, min: number, max: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new Error(`must be ${what}`);
  return value;
}

/** Any text. */
export function text<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value) => value);
}

/** A TCP port; 0 means any free one. */
export function port<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value) => readWhole(value, 0, 65_535, 'a port from 0 to 65535'));
}

/** A TCP port, 0 for any free one, or `off` (undefined). */
export function portOrOff<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value): number | 'off' =>
    value === 'off' ? 'off' : readWhole(value, 0, 65_535, 'a port from 0 to 65535, or off'),
  );
}

/** A whole number within bounds, both included. */
export function whole<const D extends Doc & { readonly min: number; readonly max: number }>(
  name: string,
  about: D,
) {
  return kind(name, about, (value) =>
    readWhole(value, about.min, about.max, `a whole number from ${about.min} to ${about.max}`),
  );
}

/** A whole number within bounds, both included, or `off`. */
export function wholeOrOff<const D extends Doc & { readonly min: number; readonly max: number }>(
  name: string,
  about: D,
) {
  const { min, max } = about;
  return kind(name, about, (value): number | 'off' =>
    value === 'off' ? 'off' : readWhole(value, min, max, `a whole number from ${min} to ${max}, or off`),
  );
}

/** One of a closed set of words. */
export function oneOf<const W extends string, const D extends Doc>(
  name: string,
  words: readonly W[],
  about: D,
) {
  return kind(name, about, (value): W => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}`);
    return word;
  });
}

/** An absolute http or https URL without path, query, fragment or credentials; kept without a trailing slash. */
export function origin<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const bare =
      url !== undefined &&
      url.pathname === '/' &&
      url.search === '' &&
      url.hash === '' &&
      url.username === '';
    if (!bare || !['http:', 'https:'].includes(url.protocol)) {
      throw new Error('must be an http or https origin such as https://login.example.com');
    }
    return url.origin;
  });
}

/** An absolute http or https URL that a path segment is appended to: it ends in a slash, without query, fragment or credentials. */
export function webUrl<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isBare = url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
    if (!isBare || !['http:', 'https:'].includes(url.protocol) || !url.pathname.endsWith('/')) {
      throw new Error('must be an http or https URL that ends in a slash');
    }
    return url.href;
  });
}

/** An absolute http or https URL to send to, without fragment or credentials. */
export function endpoint<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isBare = url?.hash === '' && url.username === '' && url.password === '';
    if (!isBare || !['http:', 'https:'].includes(url.protocol)) {
      throw new Error('must be an http or https URL without credentials');
    }
    return url.href;
  });
}

/** `count/seconds`, or `off` (null). Kept as numbers; the limiter's own type is built from it. */
export function rate<const D extends Doc>(name: string, about: D) {
  return kind(name, about, (value): { readonly count: number; readonly periodSeconds: number } | 'off' => {
    if (value === 'off') return 'off';
    const match = /^(\d{1,9})\/(\d{1,9})$/.exec(value);
    const count = Number(match?.[1]);
    const periodSeconds = Number(match?.[2]);
    if (!(count >= 1 && count <= 1_000_000 && periodSeconds >= 1 && periodSeconds <= 86_400 * 366)) {
      throw new Error('must be count/seconds such as 20/60, or off');
    }
    return { count, periodSeconds };
  });
}

/** 32 bytes as 64 hexadecimal digits or as base64 (either alphabet). */
export function key32<const D extends Doc>(name: string, about: D) {
  return kind(name, { ...about, secret: true }, (value) => {
    const hex = /^[0-9a-fA-F]{64}$/.test(value);
    const bytes = Buffer.from(value.trim(), hex ? 'hex' : 'base64');
    if (bytes.length !== 32 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(value.trim())) {
      throw new Error('must be 32 random bytes as hex or base64, e.g. from: openssl rand -hex 32');
    }
    return bytes;
  });
}
