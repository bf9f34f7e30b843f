// The three forms of a route's path: exact (`/orders`), a named segment (`/orders/{id}`) and a tail
// (`/orders/*`). A tail also stands for its own stem: `/orders/*` covers `/orders`, `/orders/` and all
// below, because a service may treat these alike and a role must not be dodged by leaving out a slash.
// `/orders-internal` is something else. Paths are case-sensitive.

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'named'; readonly name: string };

export type PathPattern = {
  readonly kind: 'pattern';
  readonly segments: readonly Segment[];
  /** True when the pattern ends in `/*`. */
  readonly tail: boolean;
};

type Refusal = { readonly kind: 'refused'; readonly reason: string };

// RFC 3986 pchar without percent signs and semicolons: a pattern is written in the canonical form that requests
// are put in.
const literal = /^[A-Za-z0-9\-._~!$&'()+,=:@]*$/;

/** Parses a path of gateway.yaml. Paths with percent signs are refused: they would match nothing. */
export function parsePattern(path: string): PathPattern | Refusal {
  if (!path.startsWith('/')) return refuse('must begin with /');
  if (path.length > 2048) return refuse('is longer than 2048 characters');
  const parts = path.slice(1).split('/');
  const tail = parts.at(-1) === '*';
  if (tail) parts.pop();
  const names = new Set<string>();
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    const name = /^\{([a-z][a-z0-9_]*)\}$/.exec(part)?.[1];
    if (name !== undefined) {
      if (names.has(name)) return refuse(`{${name}} stands in it twice`);
      names.add(name);
      segments.push({ kind: 'named', name });
      continue;
    }
    if (part.includes('*')) return refuse('* stands only as the whole last segment');
    if (part.includes('{') || part.includes('}')) return refuse('a named segment is written like {id}');
    if (part === '.' || part === '..') return refuse('holds a dot segment');
    if (part === '' && (index < parts.length - 1 || tail)) return refuse('holds an empty segment');
    if (!literal.test(part)) return refuse('holds a character that no canonical path has');
    segments.push({ kind: 'literal', text: part });
  }
  return { kind: 'pattern', segments, tail };
}

function refuse(reason: string): Refusal {
  return { kind: 'refused', reason };
}

/** Equal for patterns that match the same paths: two such routes need different methods. */
export function patternKey({ segments, tail }: PathPattern): string {
  const parts = segments.map((segment) => (segment.kind === 'literal' ? segment.text : '{}'));
  return `/${tail ? [...parts, '*'].join('/') : parts.join('/')}`;
}
