// What the docs checks demand, each as a pure function from texts to complaints.

import { posix } from 'node:path';
import { anchorOf, readPage } from './markdown.ts';

export type Files = ReadonlyMap<string, string>;

/** A translation has the same headings (by level and order) and the very same code blocks. */
export function judgeTranslation(files: Files, original: string, translation: string): string[] {
  const [one, two] = [original, translation].map((path) => readPage(files.get(path) ?? ''));
  if (one === undefined || two === undefined) return [];
  const levels = (page: typeof one) => page.headings.map((heading) => '#'.repeat(heading.level)).join(' ');
  const complaints: string[] = [];
  if (levels(one) !== levels(two)) {
    complaints.push(`${translation}: its headings do not follow those of ${original}`);
  }
  if (one.blocks.length !== two.blocks.length) {
    complaints.push(`${translation}: ${two.blocks.length} code blocks, ${original} has ${one.blocks.length}`);
  }
  for (const [index, block] of one.blocks.entries()) {
    const other = two.blocks[index];
    if (other !== undefined && (other.text !== block.text || other.language !== block.language)) {
      complaints.push(`${translation}:${other.line}: differs from the block at ${original}:${block.line}`);
    }
  }
  return complaints;
}

/** Each relative link leads to a file that exists, each fragment to a heading of it. */
export function judgeLinks(pages: Files, exists: (path: string) => boolean): string[] {
  return [...pages].flatMap(([path, text]) =>
    readPage(text).links.flatMap((link) => {
      if (/^(?:[a-z]+:|\/\/)/.test(link)) return [];
      const [target = '', fragment] = link.split('#', 2);
      const file = target === '' ? path : posix.normalize(posix.join(posix.dirname(path), target));
      if (file.startsWith('..') || !exists(file)) return [`${path}: ${link} leads nowhere`];
      const anchors = readPage(pages.get(file) ?? '').headings.map((heading) => anchorOf(heading.text));
      return fragment === undefined || anchors.includes(fragment)
        ? []
        : [`${path}: ${link} has no such heading`];
    }),
  );
}

/** A test that a page names behind a link to its file, `[…](a.test.ts): *name*; *name*`, stands in that file. */
export function judgeTestNames(pages: Files, files: Files): string[] {
  return [...pages].flatMap(([path, text]) =>
    [...text.matchAll(/\]\(([^)#\s]+\.test\.ts)\)((?:[:;]\s\*[^*\n]+\*)+)/g)].flatMap(
      ([, link = '', names = '']) => {
        const file = posix.normalize(posix.join(posix.dirname(path), link));
        const tests = files.get(file) ?? '';
        return [...names.matchAll(/\*([^*]+)\*/g)]
          .map((match) => match[1] ?? '')
          .filter((name) => !["'", '"', '`'].some((quote) => tests.includes(`test(${quote}${name}${quote}`)))
          .map((name) => `${path}: ${file} has no test "${name}"`);
      },
    ),
  );
}

/** A block that names a file (```lua file=deploy/x.lua) holds that very file: what is shown is what the tests run. */
export function judgeQuotedFiles(pages: Files, files: Files): string[] {
  return [...pages].flatMap(([path, text]) =>
    readPage(text).blocks.flatMap((block) => {
      const file = / file=(\S+)$/.exec(block.language)?.[1];
      if (file === undefined || files.get(file)?.trimEnd() === block.text) return [];
      return [`${path}:${block.line}: is not what ${file} holds`];
    }),
  );
}

/** A page's table of routes names exactly those of `routes.ts` under /auth and /admin. */
export function judgeRoutes(files: Files, page: string, routes: string): string[] {
  const served = [...(files.get(routes) ?? '').matchAll(/\['([A-Z]+)', '(\/(?:auth|admin)\/[^']*)'/g)].map(
    (match) => `${match[1]} ${match[2]?.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  const named = [...(files.get(page) ?? '').matchAll(/^\| `([A-Z]+ \/[^`]+)` \|/gm)].map(
    (match) => match[1] ?? '',
  );
  return [
    ...served.filter((route) => !named.includes(route)).map((route) => `${page}: lacks ${route}`),
    ...named.filter((route) => !served.includes(route)).map((route) => `${page}: there is no ${route}`),
  ];
}

/** The first cells of a page's tables name each of `names` once, and every other first cell in code is none of them. */
export function judgeNamed(files: Files, page: string, names: readonly string[]): string[] {
  const named = [...(files.get(page) ?? '').matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map(([, name = '']) => name);
  return [
    ...names.filter((name) => !named.includes(name)).map((name) => `${page}: lacks ${name}`),
    ...named.filter((name) => !names.includes(name)).map((name) => `${page}: there is no ${name}`),
    ...named.filter((name, i) => named.indexOf(name) !== i).map((name) => `${page}: names ${name} twice`),
  ];
}

/** Generated pages are what their tables say now. */
export function judgeGenerated(files: Files, generated: ReadonlyMap<string, string>): string[] {
  return [...generated]
    .filter(([path, content]) => files.get(path) !== content)
    .map(([path]) => `${path}: stale; run: npm run docs`);
}

const leaks: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(?<![\w.$}/-])\/(?:work|root|Users)\/[\w.-]/, 'a path of one machine'],
  [/(?<![\w.$}/-])\/home\/(?!node\b)[\w.-]+/, 'a path of one machine'],
  [
    /https?:\/\/[^\s"'`)]*(?:\/npm\/|registry|artifactory|nexus|verdaccio)/i,
    'the host of a package registry',
  ],
  [/\b(?:TO[D]O|FIX[M]E)\b/, 'an unfinished place'],
];

/** Nothing in a committed text tells of the machine it was written on or of work not done. */
export function judgeText(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      leaks.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${path}:${index + 1}: ${what}`),
    );
}
