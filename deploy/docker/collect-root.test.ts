import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { collectRoot } from './collect-root.ts';

const root = join(import.meta.dirname, '../..');

const script = `import { hash } from '@node-rs/argon2';
import { readFileSync } from 'node:fs';
import '${join(root, 'deploy/docker/fill-compile-cache.ts')}';
const hashed = await hash('a password');
const loaded = readFileSync('/proc/self/maps', 'utf8').match(/\\/\\S+\\.(so|node)\\b\\S*$/gm);
process.stdout.write(JSON.stringify({ hashed, loaded }));`;

test('the root of the image holds all that the services and the password hash load, and no program but Node', async (t) => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime === undefined) return t.diagnostic('no glibc: no image is made here');
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  t.after(() => rm(dir, { recursive: true }));
  const addons = globSync('node_modules/@node-rs/*/*.node', { cwd: root }).map((path) => join(root, path));
  assert.ok(addons.length > 0);
  collectRoot(dir, process.execPath, addons);

  const all = globSync('**', { cwd: dir, withFileTypes: true }).filter((entry) => entry.isFile());
  const others = all.map(({ name }) => name).filter((name) => !/^(ld-|lib)\S*\.so\b/.test(name));
  assert.deepEqual(others.toSorted(), ['group', 'node', 'nsswitch.conf', 'passwd']);

  const libraries = all.filter(({ name }) => /^lib\S+\.so\b/.test(name)).map(({ parentPath }) => parentPath);
  const loader = all.find(({ name }) => name.startsWith('ld-'))!;
  const run = spawnSync(
    join(loader.parentPath, loader.name),
    [
      '--inhibit-cache',
      '--library-path',
      [...new Set(libraries)].join(':'),
      join(dir, 'usr/local/bin/node'),
      '--input-type=module',
      '-e',
      script,
    ],
    { cwd: root, encoding: 'utf8', env: {}, timeout: 60_000 },
  );
  assert.deepEqual([run.status, run.stderr], [0, '']);
  const { hashed, loaded } = JSON.parse(run.stdout) as { hashed: string; loaded: string[] };
  assert.match(hashed, /^\$argon2id\$/);
  const outside = loaded.filter((path) => !path.startsWith(dir) && !addons.includes(path));
  assert.deepEqual(outside, []);
  assert.ok(loaded.some((path) => dirname(path) !== dirname(addons[0]!) && path.includes('libstdc++')));
});
