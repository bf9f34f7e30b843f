// Which methods a path has, from the route table: tells 405 with Allow from 404. Matched on the raw path, as
// the router's own patterns are: a parameter is one segment.

export type MethodOfUrl = readonly [method: string, url: string, ...rest: unknown[]];

/** A look-up: path to the value of Allow, or undefined for a path that no route has. */
export function createAllowedMethods(rows: readonly MethodOfUrl[]): (path: string) => string | undefined {
  const urls = [...new Set(rows.map(([, url]) => url))].map((url) => {
    const methods = rows.filter((row) => row[1] === url).map(([method]) => method);
    const all = methods.includes('GET') ? ['HEAD', ...methods] : methods;
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`);
    return { pattern, allow: all.toSorted().join(', ') };
  });
  return (path) => urls.find(({ pattern }) => pattern.test(path))?.allow;
}
