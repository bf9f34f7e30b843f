// `${NAME}` and `${NAME:-default}` in values of gateway.yaml. It works on single values after the YAML was
// parsed, so that a variable can never bring structure (another route, another key) into the file.

export type Interpolated =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'malformed' };

const reference = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/** Replaces references; `$$` stands for one `$`. An empty variable counts as unset. */
export function interpolate(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): Interpolated {
  if (!text.includes('$')) return { kind: 'text', text };
  let failure: Interpolated | undefined;
  const result = text.replace(reference, (whole, name: string | undefined, fallback: string | undefined) => {
    if (whole === '$$') return '$';
    // A default ends at the first brace: one within it would be cut there.
    if (name === undefined || fallback?.includes('${') === true) {
      failure ??= { kind: 'malformed' };
      return '';
    }
    const value = (Object.hasOwn(variables, name) && variables[name]) || fallback;
    if (value === undefined) failure ??= { kind: 'missing', name };
    return value ?? '';
  });
  return failure ?? { kind: 'text', text: result };
}
