// Makes what is published out of what is run here. Node strips no types under node_modules, so that an installed
// package must be JavaScript: tsc's own emit of the verifier and of the one file it needs from packages/uuid,
// with declarations beside it. The manifest is the workspace's with `publishConfig` in its place.

import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from './package.json' with { type: 'json' };

const here = import.meta.dirname;
const root = join(here, '../..');

/** Writes the whole package into a folder; what stood there is gone. `npm pack <folder>` then packs it. */
export function buildPackage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', join(here, 'tsconfig.build.json'), '--outDir', folder];
  execFileSync(process.execPath, [tsc, ...options], { stdio: 'inherit' });
  const { name, version, description, license, type, engines, publishConfig } = manifest;
  const published = { name, version, description, license, type, engines, ...publishConfig };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  copyFileSync(join(here, 'README.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

if (import.meta.main) buildPackage(join(here, 'dist'));
