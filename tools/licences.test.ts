import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allowedLicences, listLicences, readLicences } from './licences.ts';

const root = join(import.meta.dirname, '..');

test('every package that runs in production has a licence of the list', () => {
  const foreign = readLicences().filter(({ licence }) => !allowedLicences.includes(licence));
  assert.deepEqual(foreign, []);
});

test('what is only for development is left out, and a binary has the licence of who brings it', () => {
  const lock = {
    packages: {
      'node_modules/a': { version: '1.0.0', license: 'MIT', optionalDependencies: { 'a-linux': '1.0.0' } },
      'node_modules/a-linux': { version: '1.0.0', optional: true },
      'node_modules/b': { version: '1.0.0', license: 'GPL-3.0', dev: true },
      'node_modules/a/node_modules/@c/d': { version: '2.0.0' },
    },
  };
  assert.deepEqual(
    listLicences(JSON.stringify(lock)).map(({ name, licence }) => [name, licence]),
    [
      ['@c/d', 'unknown'],
      ['a', 'MIT'],
      ['a-linux', 'MIT'],
    ],
  );
});

test('no package runs a script when it is installed, and every version is exact', () => {
  const npmrc = readFileSync(join(root, '.npmrc'), 'utf8').split('\n');
  assert.ok(npmrc.includes('ignore-scripts=true') && npmrc.includes('save-exact=true'));
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      {
        integrity?: string;
        link?: boolean;
        optional?: boolean;
        dependencies?: object;
        devDependencies?: object;
      }
    >;
  };
  for (const [path, locked] of Object.entries(packages)) {
    const isThird = path.includes('node_modules/');
    // Of other platforms' programs the lock file has been completed without one (complete-lock.ts).
    const isHashed = locked.integrity?.startsWith('sha512-') ?? locked.optional === true;
    if (isThird && locked.link !== true) assert.ok(isHashed, path);
    if (isThird) continue;
    for (const [name, version] of Object.entries({ ...locked.dependencies, ...locked.devDependencies })) {
      assert.match(
        String(version),
        name.startsWith('@pi-gateway/') ? /^\*$/ : /^\d+\.\d+\.\d+(?:-[\w.]+)?$/,
        name,
      );
    }
  }
});

test('npm makes a bill of materials that names all of them', () => {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, stderr);
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string;
    components: { name: string }[];
  };
  assert.equal(bomFormat, 'CycloneDX');
  const names = new Set(components.map(({ name }) => name.split('/').at(-1)));
  const missing = readLicences().filter(({ name }) => !names.has(name.split('/').at(-1)));
  assert.deepEqual(missing, []);
});
