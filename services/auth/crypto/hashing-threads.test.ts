import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { chooseThreadPoolSize, countHashesRunningMax } from './hashing-threads.ts';

const cores = availableParallelism();

test('unless a size is given, the pool has a thread for each core and some for everything else', () => {
  assert.ok(Number(chooseThreadPoolSize(undefined)) > cores);
  assert.equal(chooseThreadPoolSize(''), chooseThreadPoolSize(undefined));
  assert.equal(chooseThreadPoolSize('3'), '3');
});

test('one hash a core, and never more than there are threads', () => {
  assert.equal(countHashesRunningMax(chooseThreadPoolSize(undefined)), cores);
  assert.equal(countHashesRunningMax('1'), 1);
  // libuv makes one thread of what is no number.
  for (const odd of ['0', '-4', 'many', '']) assert.equal(countHashesRunningMax(odd), 1, odd);
});
