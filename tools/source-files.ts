// Finds the repository's own files for the checks: everything but what is installed, generated or hidden.

import { globSync } from 'node:fs';

const left = ['node_modules', 'results', 'dist'];

/** Paths relative to `root`, with forward slashes, sorted, of files with one of the extensions (`ts`, `md` …). */
export function listSourceFiles(root: string, extensions: readonly string[]): string[] {
  const found = globSync(
    extensions.map((extension) => `**/*.${extension}`),
    { cwd: root, exclude: (name) => left.includes(name) || (name.startsWith('.') && name !== '.') },
  );
  return found.map((path) => path.replaceAll('\\', '/')).toSorted();
}
