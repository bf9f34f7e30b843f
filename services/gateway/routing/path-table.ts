// From a canonical path to the routes that stand for it, in one look at a map for exact paths and one walk
// along the segments else: what it costs depends on the path, not on how many routes there are. The most specific
// pattern wins, decided segment by segment from the left: a literal before a named segment before the tail.

import { Leaf, type RouteTie } from './leaf.ts';
import { parsePattern, patternKey, type Segment } from './path-pattern.ts';
import type { Route } from './route.ts';

type TreeNode<R extends Route> = {
  readonly literals: Map<string, TreeNode<R>>;
  named: TreeNode<R> | undefined;
  /** The pattern that ends here. */
  end: Leaf<R> | undefined;
  /** The pattern that ends here in `/*`. */
  tail: Leaf<R> | undefined;
};

export class PathTable<R extends Route> {
  readonly #exact = new Map<string, Leaf<R>>();
  readonly #root: TreeNode<R> = newNode();
  readonly #patterns = new Map<string, Leaf<R>>();

  /** Adds a route; a tie is returned and the route left out. */
  add(route: R): RouteTie<R> | undefined {
    const pattern = parsePattern(route.path);
    if (pattern.kind === 'refused') throw new Error(`path ${route.path}: ${pattern.reason}`);
    const key = patternKey(pattern);
    let leaf = this.#patterns.get(key);
    if (leaf === undefined) {
      leaf = new Leaf();
      this.#patterns.set(key, leaf);
      let node = this.#root;
      for (const segment of pattern.segments) node = descend(node, segment);
      if (pattern.tail) node.tail = leaf;
      else node.end = leaf;
      if (!pattern.tail && pattern.segments.every((segment) => segment.kind === 'literal')) {
        this.#exact.set(route.path, leaf);
      }
    }
    return leaf.add(route);
  }

  /** True when a route with the same pattern (names of segments aside) is there. */
  hasPattern(path: string): boolean {
    const pattern = parsePattern(path);
    return pattern.kind === 'pattern' && this.#patterns.has(patternKey(pattern));
  }

  /** The routes of the most specific pattern that matches a canonical path. */
  match(path: string): Leaf<R> | undefined {
    return this.#exact.get(path) ?? walk(this.#root, path, 1);
  }
}

function newNode<R extends Route>(): TreeNode<R> {
  return { literals: new Map(), named: undefined, end: undefined, tail: undefined };
}

function descend<R extends Route>(node: TreeNode<R>, segment: Segment): TreeNode<R> {
  if (segment.kind === 'named') {
    node.named ??= newNode();
    return node.named;
  }
  let next = node.literals.get(segment.text);
  if (next === undefined) {
    next = newNode();
    node.literals.set(segment.text, next);
  }
  return next;
}

// `at` is where the next segment begins; past the end of the path there is none. The depth of the recursion
// is bounded by the longest pattern, the branching by two a level.
function walk<R extends Route>(node: TreeNode<R>, path: string, at: number): Leaf<R> | undefined {
  if (at > path.length) return node.end ?? node.tail;
  const slash = path.indexOf('/', at);
  const end = slash === -1 ? path.length : slash;
  const segment = path.slice(at, end);
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const found = walk(literal, path, end + 1);
    if (found !== undefined) return found;
  }
  if (node.named !== undefined && segment !== '') {
    const found = walk(node.named, path, end + 1);
    if (found !== undefined) return found;
  }
  return node.tail;
}
