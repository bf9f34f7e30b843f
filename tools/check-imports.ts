// Walks the imports of all TypeScript files and refuses those that break tools/import-rules.ts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeImports } from './import-rules.ts';
import { readSource } from './read-source.ts';
import { listSourceFiles } from './source-files.ts';

/** The broken rules of the repository at `root`, one line each. */
export function checkImports(root: string): { files: number; broken: string[] } {
  const workspaces = findWorkspaces(root);
  const paths = listSourceFiles(root, ['ts']);
  const broken = paths.flatMap((path) =>
    judgeImports(readSource(path, readFileSync(join(root, path), 'utf8'), workspaces)),
  );
  return { files: paths.length, broken };
}

function findWorkspaces(root: string): ReadonlyMap<string, string> {
  const manifests = listSourceFiles(root, ['json']).filter((path) => path.endsWith('/package.json'));
  return new Map(
    manifests.map((path) => {
      const { name } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { name: string };
      return [name, path.slice(0, -'/package.json'.length)];
    }),
  );
}

if (import.meta.main) {
  const { files, broken } = checkImports(join(import.meta.dirname, '..'));
  for (const line of broken) console.error(line);
  console.log(`${files} files, ${broken.length} broken import rules`);
  if (broken.length > 0) process.exitCode = 1;
}
