import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { completeLock, listUnverifiable } from './complete-lock.ts';

test('the lock names every platform, so that npm ci works on each of them', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Parameters<typeof completeLock>[0];
  assert.deepEqual(Object.keys(completeLock(lock).packages), Object.keys(lock.packages));
});

test('whatever comes from a registry is held to its digest', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Parameters<typeof completeLock>[0];
  // Named by their owner, and not published: nobody can fetch them, and npm passes over them.
  const unpublished =
    /^node_modules\/@node-rs\/bcrypt-(android|darwin|freebsd|linux-arm|linux-x64-musl|win32)/;
  const unverifiable = listUnverifiable(lock).filter((path) => !unpublished.test(path));
  assert.deepEqual(unverifiable, []);
  const packages = {
    'node_modules/a': { version: '1.0.0' },
    'packages/b': {},
    'node_modules/b': { link: true },
  };
  assert.deepEqual(listUnverifiable({ packages }), ['node_modules/a']);
});

test('an optional package without an entry gets its platform from its name', () => {
  const packages = {
    'node_modules/a': { dev: true, optionalDependencies: { '@a/b-linux-x64-musl': '1.0.0' } },
  };
  assert.deepEqual(completeLock({ packages }).packages['node_modules/@a/b-linux-x64-musl'], {
    version: '1.0.0',
    cpu: ['x64'],
    libc: ['musl'],
    os: ['linux'],
    dev: true,
    optional: true,
  });
});
