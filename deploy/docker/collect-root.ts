// The root of the runtime image, made of what Node and the compiled packages load and nothing else: no shell, no package
// manager, no other program. `node deploy/docker/collect-root.ts <folder>`, at the build of the image; Linux with glibc.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const files: Readonly<Record<string, string>> = {
  // The account of the official image, by the same number.
  'etc/passwd': 'root:x:0:0:root:/:/nonexistent\nnode:x:1000:1000::/:/nonexistent\n',
  'etc/group': 'root:x:0:\nnode:x:1000:\n',
  // Without it glibc asks DNS first, and /etc/hosts only when there is none.
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** The libraries of a program or library, and what loads them, by the paths they are asked for under. */
function librariesOf(path: string): string[] {
  const listed = execFileSync('ldd', [path], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)].map(([, library = '']) => library);
}

function put(root: string, path: string, from: string): void {
  const to = join(root, path);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
}

/** `node`: the program; `addons`: compiled packages, which are copied with the rest of the product. */
export function collectRoot(root: string, node: string, addons: readonly string[]): void {
  put(root, 'usr/local/bin/node', node);
  for (const library of new Set([node, ...addons].flatMap(librariesOf))) put(root, library, library);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
}

if (import.meta.main) {
  const [root] = process.argv.slice(2);
  if (root === undefined) throw new Error('usage: node deploy/docker/collect-root.ts <folder>');
  collectRoot(root, process.execPath, globSync('node_modules/**/*.node'));
}
