// For proofs: hand-made disguises of guarded places, each form of a slash with each form of a step upwards and of a name,
// as they were found to pass one server and to be another place to the next; and changes to any target, byte by byte.

import fc from 'fast-check';
import { type Sent, sent } from './hostile-targets.ts';

const slashes =
  '/ // %2f %2F \\ %5c %252f %c0%af %e0%80%af %EF%BC%8F %E2%88%95 %u2215 /./ /; /%00/ %2f%2f'.split(' ');
const steps =
  '.. %2e%2e .%2e %2E. %252e%252e ..; ..;x=1 ..%00 ..%20 %20.. ..%09 %c0%ae%c0%ae %EF%BC%8E%EF%BC%8E ... ..%3b ..# ..%23 ..?'.split(
    ' ',
  );
const names =
  'admin %61dmin adm%69n ADMIN Admin admin; admin;x=1 admin%3b admin%00 admin%20 admin. admin%2e admin%09 %2561dmin %EF%BD%81dmin adm%C4%B1n admin%2f admin? admin# admin~'.split(
    ' ',
  );

/** S: a slash, U: a step upwards, N: the name that is guarded. */
const places = [
  '/inSN',
  '/inSNSx',
  '/in/openSUSN/x',
  '/xSUSinSN',
  '/stripSUSinSN',
  '/pass/aSUSN',
  '/pass/inSN',
  '/re/in/NSUSx',
  '/pass-re/inSN',
  '/dropSUSin/N',
  'http://b.test/inSN',
];

export function disguises(): Sent[] {
  const texts = new Set<string>();
  for (const place of places) {
    for (const slash of slashes) {
      for (const step of place.includes('U') ? steps : ['']) {
        for (const name of names) {
          texts.add(place.replaceAll('S', slash).replaceAll('U', step).replaceAll('N', name));
        }
      }
    }
  }
  return [...texts].map((text) => ({ text, host: 'b.test' }));
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');
const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), {
  weight: 3,
  arbitrary: fc.integer({ min: 33, max: 126 }),
});

/** One change, at a place that is given as a share of the length. */
const change = fc.record({
  kind: fc.constantFrom('insert', 'escape', 'encode', 'remove'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte,
});

/**
 * A target of the short form or a guarded place, with up to four bytes of it put in (raw or escaped), escaped, or left out.
 * A raw byte may be any of the 256: line ends, spaces and NUL too.
 */
export const changedTargets: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.oneof(
      sent,
      fc.record({
        text: fc.constantFrom(
          '/in',
          '/in/x',
          '/in/admin',
          '/in/admin/x/',
          '/in/x/own?y',
          '/in/open',
          '/api/admin/x',
          'http://b.test/in/admin/x',
        ),
        host: fc.constantFrom('b.test', 'a.test', 'A.Test.:80'),
      }),
    ),
    fc.array(change, { maxLength: 4 }),
  )
  .map(([{ text, host }, changes]) => ({
    host,
    text: changes.reduce((before, { kind, at, byte: extra }) => {
      const i = Math.floor(at * before.length);
      const [front, char, rest] = [before.slice(0, i), before.slice(i, i + 1), before.slice(i + 1)];
      if (kind === 'insert') return `${front}${String.fromCharCode(extra)}${char}${rest}`;
      if (kind === 'escape') return `${front}%${hex(extra)}${char}${rest}`;
      if (kind === 'remove' || char === '') return `${front}${rest}`;
      return `${front}%${hex(char.charCodeAt(0))}${rest}`;
    }, text),
  }));
