// `npm test`: every test of every workspace by node:test, against real servers. `npm test -- <path>…` runs the
// files whose path holds one of the words. The last line is `N passed, N failed`; nothing run, or anything
// skipped, counts as a failure: a test that cannot run must not look like one that passed.

import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { installServerPrograms } from '../launch/testing/install-server-programs.ts';
import { makeTestCluster } from '../launch/testing/test-cluster.ts';

const root = join(import.meta.dirname, '..');
const testTimeoutMs = 120_000;
// The time of a test bounds its tests, not a process that lives on after them.
const silenceMaxMs = testTimeoutMs + 60_000;

async function findTests(words: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const ignored = (path: string) => path.endsWith('node_modules') || path.endsWith('.git');
  for await (const file of glob('**/*.test.ts', { cwd: root, exclude: ignored })) files.push(file);
  const wanted = words.map((word) => relative(root, join(process.cwd(), word)));
  const chosen = files.filter((file) => words.length === 0 || wanted.some((word) => file.includes(word)));
  // The whole journeys take longest: begun first, they do not keep one processor busy alone at the end.
  return chosen.toSorted(
    (a, b) => Number(b.startsWith('tests/')) - Number(a.startsWith('tests/')) || (a < b ? -1 : 1),
  );
}

async function runTests(files: readonly string[]): Promise<{ passed: number; failed: number }> {
  const silent = new AbortController();
  const timer = setTimeout(() => {
    console.error(`no test has ended for ${silenceMaxMs / 1000} s: what still runs is cut off`);
    silent.abort();
  }, silenceMaxMs);
  const stream = run({
    files: files.map((file) => join(root, file)),
    cwd: root,
    concurrency: Math.min(4, availableParallelism()),
    timeout: testTimeoutMs,
    signal: silent.signal,
  });
  const counts = { passed: 0, failed: 0 };
  stream.on('test:summary', ({ file, counts: all }) => {
    if (file !== undefined) return;
    counts.passed = all.passed;
    counts.failed = all.tests - all.passed;
  });
  stream.on('test:complete', () => timer.refresh());
  stream.on('test:fail', ({ nesting }) => {
    if (nesting === 0) process.exitCode = 1;
  });
  await pipeline(stream, new spec(), process.stdout, { end: false });
  clearTimeout(timer);
  return counts;
}

async function main(): Promise<void> {
  installServerPrograms();
  const files = await findTests(process.argv.slice(2));
  const cluster = await makeTestCluster();
  process.env['PI_TEST_CLUSTER'] = cluster.dir;
  try {
    const { passed, failed } = await runTests(files);
    if (passed === 0 || failed > 0) process.exitCode = 1;
    if (passed + failed === 0) console.error('0 tests: no file matches');
    console.log(`${passed} passed, ${failed} failed`);
  } finally {
    await cluster.remove();
  }
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
