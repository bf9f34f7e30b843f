// The path a service gets, made of the canonical path that was matched and authorised and of nothing else:
// itself, without the route's `strip_prefix`, or the route's `rewrite`. A rewrite moves whole segments, and a
// segment of a canonical path stays one wherever it stands (it holds no slash that is not escaped and is no dot
// segment): so the result is canonical again, and nothing captured becomes structure.

import { nearestWord } from './nearest-word.ts';
import { type PathPattern, parsePattern } from './path-pattern.ts';
import type { Route } from './route.ts';

type Refusal = { readonly kind: 'refused'; readonly reason: string };

/** Parses a `rewrite` of gateway.yaml for the path it belongs to. */
export function parseRewrite(text: string, path: PathPattern): PathPattern | Refusal {
  const rewrite = parsePattern(text);
  if (rewrite.kind === 'refused') return rewrite;
  const names = path.segments.flatMap((segment) => (segment.kind === 'named' ? [segment.name] : []));
  for (const segment of rewrite.segments) {
    if (segment.kind === 'literal' || names.includes(segment.name)) continue;
    const near = nearestWord(segment.name, names);
    const hint = near === undefined ? '' : `; did you mean {${near}}?`;
    return { kind: 'refused', reason: `{${segment.name}} is not named in the path${hint}` };
  }
  if (rewrite.tail && !path.tail) {
    return { kind: 'refused', reason: 'its * stands for nothing: the path does not end in /*' };
  }
  return rewrite;
}

/** From a canonical path that the route matches to the one for its service. */
export function compileTargetPath({ path, stripPrefix, rewrite }: Route): (path: string) => string {
  if (rewrite !== undefined) return compileRewrite(path, rewrite);
  if (stripPrefix === '') return (matched) => matched;
  return (matched) => matched.slice(stripPrefix.length) || '/';
}

function compileRewrite(path: string, text: string): (path: string) => string {
  const pattern = parsePattern(path);
  const rewrite = pattern.kind === 'pattern' ? parseRewrite(text, pattern) : pattern;
  if (pattern.kind === 'refused' || rewrite.kind === 'refused') throw new Error(`rewrite ${text} of ${path}`);
  const stem = pattern.segments.length;
  // Which segment of the path stands in each place; a literal stands for itself.
  const places = rewrite.segments.map((segment) =>
    segment.kind === 'literal'
      ? segment.text
      : pattern.segments.findIndex((one) => one.kind === 'named' && one.name === segment.name),
  );
  return (matched) => {
    const parts = matched.slice(1).split('/');
    const front = places.map((place) => (typeof place === 'string' ? place : parts[place]!));
    const rest = rewrite.tail ? parts.slice(stem) : [];
    return `/${[...front, ...rest].join('/')}`;
  };
}
