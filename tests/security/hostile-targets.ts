// For tests and proofs: routes of every kind that changes a path or not, what a service gets behind each, and targets
// that try to be another place.

import fc from 'fast-check';

/** What a service gets of a path, by the label of its route: said a second time, in the plainest words. */
export const targets: Readonly<Record<string, (path: string) => string>> = {
  '/*': (path) => path,
  '/strip/*': (path) => path.replace(/^\/strip/, '') || '/',
  '/re/{a}/{b}/*': (path) => path.replace(/^\/re\/([^/]+)\/([^/]+)/, '/out/$2/x/$1'),
  '/pass/*': (path) => path,
  '/pass-re/{a}/*': (path) => path.replace(/^\/pass-re\/([^/]+)/, '/$1'),
  '/drop/*': () => '/fixed',
  'a.test/{any}/*': (path) => path.replace(/^\/([^/]+)/, '/host/$1'),
};

/** For gateway.yaml; `more` are further routes. */
export const guardedRoutes = (origin: string, more = ''): string => `
services:
  up: { targets: ["${origin}"] }
routes:
  - { path: /*, service: up, access: public }
  - { path: /api/admin/*, service: up, access: { roles: [admin] } }
  - { path: /strip/*, service: up, access: public, strip_prefix: /strip }
  - { path: "/re/{a}/{b}/*", service: up, access: public, rewrite: "/out/{b}/x/{a}/*" }
  - { path: /pass/*, service: up, access: public, encoded_slashes: pass }
  - { path: "/pass-re/{a}/*", service: up, access: public, encoded_slashes: pass, rewrite: "/{a}/*" }
  - { path: /drop/*, service: up, access: public, rewrite: /fixed }
  - { host: a.test, path: "/{any}/*", service: up, access: public, rewrite: "/host/{any}/*" }
  - { host: a.test, path: /api/admin/*, service: up, access: { roles: [admin] } }
${more}`;

export type Sent = { readonly text: string; readonly host: string };

const words =
  'api admin API strip re pass pass-re drop out fixed . .. ... %2e %2E%2e .%2e %2f %2F %5c \\ %00 %0a %20'.split(
    ' ',
  );
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  fc.constantFrom(
    '%61dmin',
    'adm%69n',
    '%c0%ae',
    '%252e',
    '%zz',
    '%',
    '%u002e',
    'a%2Fb',
    '..%2fadmin',
    '%e9',
    '%C3%A9',
  ),
  fc.constantFrom(
    '',
    '~',
    "'",
    '*',
    '{a}',
    '{b}',
    '$1',
    ';x',
    '..;',
    ';',
    '%3b',
    '%3f',
    '%23',
    '@a',
    ':80',
    '$&',
  ),
  fc.string({
    unit: fc.constantFrom(...Array.from('abz09.-_~%25eE/;:@&=+$,!\'()*\\"<>^`{|}')),
    maxLength: 8,
  }),
);
export const sent: fc.Arbitrary<Sent> = fc.record({
  text: fc
    .tuple(
      fc.constantFrom('', '', '/api', '/strip', '/re', '/re/x', '/pass', '/pass-re', '/drop'),
      fc.array(piece, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('', '', '?a=b', '?x=%2e%2e/', '?', '?a?b//..;%zz'),
    )
    .map(([front, parts, query]) => `${front}/${parts.join('/')}${query}`),
  host: fc.constantFrom('b.test', 'a.test', 'A.Test.:80'),
});

/**
 * Decodes as the most lenient server does. An escaped semicolon is data, as canonical-path.test.ts holds; one that
 * begins a parameter is never forwarded.
 */
export function readLeniently(path: string): string {
  let text = path;
  for (let round = 0; round < 3; round += 1) {
    text = text.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_all, wide: string | undefined, byte: string) =>
      String.fromCharCode(Number.parseInt(wide ?? byte, 16)),
    );
  }
  return text.replaceAll('\\', '/').replace(/\/+/g, '/');
}
