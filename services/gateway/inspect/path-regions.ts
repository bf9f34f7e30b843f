// Every path there is, as finitely many: for a set of patterns, one path for each way in which a path can match some
// of them and miss the others. Segment by segment, the letters that matter are the literals that stand there, any
// other text, and nothing at all (a last slash). Two tables decide alike about all paths if they do about these.

import { type PathPattern, parsePattern, type Segment } from '../routing/path-pattern.ts';

const regionsMax = 2_000_000;

/**
 * One canonical path for each kind; of those alone that a pattern of `of` matches.
 * @throws {Error} for tables whose named segments cross in so many ways that the paths are too many.
 */
export function listPathRegions(paths: readonly string[], of: readonly string[] = paths): string[] {
  const wanted = new Set(of);
  const patterns = [...new Set(paths)].map((path): Candidate => {
    const pattern = parsePattern(path);
    if (pattern.kind === 'refused') throw new Error(`path ${path}: ${pattern.reason}`);
    return { ...pattern, isWanted: wanted.has(path) };
  });
  const found: string[] = [];
  visit('', 0, patterns, found);
  return found;
}

type Candidate = PathPattern & { readonly isWanted: boolean };

function visit(before: string, depth: number, alive: readonly Candidate[], found: string[]): void {
  const byLiteral = new Map<string, Candidate[]>();
  const named: Candidate[] = [];
  const rest: Candidate[] = [];
  for (const pattern of alive) {
    const segment: Segment | undefined = pattern.segments[depth];
    if (segment === undefined) {
      if (pattern.tail) rest.push(pattern);
    } else if (segment.kind === 'named') named.push(pattern);
    else if (byLiteral.get(segment.text)?.push(pattern) === undefined) byLiteral.set(segment.text, [pattern]);
  }
  const goOn = (text: string, next: readonly Candidate[]) => {
    if (!next.some(({ isWanted }) => isWanted)) return;
    const path = `${before}/${text}`;
    found.push(path);
    if (found.length > regionsMax) throw new Error('the paths of these routes cross in too many ways');
    if (text === '') return;
    if (next.some(({ segments }) => segments.length > depth + 1)) visit(path, depth + 1, next, found);
    // From here on all paths are alike: one stands for them.
    else if (next.some(({ tail }) => tail)) found.push(`${path}/${otherThan([])}`, `${path}/`);
  };
  for (const [text, literal] of byLiteral)
    goOn(text, text === '' ? [...literal, ...rest] : [...literal, ...named, ...rest]);
  goOn(otherThan([...byLiteral.keys()]), [...named, ...rest]);
  if (!byLiteral.has('')) goOn('', rest);
}

/** A segment that is none of these. */
export function otherThan(texts: readonly string[]): string {
  let text = 'any';
  while (texts.includes(text)) text += '~';
  return text;
}
