// What bodies leave behind as they pass: for each piece of up to 64 KiB V8 sees a small object and lets thousands of
// them, dead long ago, lie there before it collects; 80 MB for one large download. So the young ones are collected
// whenever so many bytes have passed. It takes less than a millisecond, and answers of usual size come to it more
// seldom than to the collections that their own objects cause.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const collectEveryBytes = 8 * 1024 * 1024;

let collect: ((how: object) => void) | undefined;
let passed = 0;

/** A piece of a body has passed. */
export function noteStreamed(bytes: number): void {
  passed += bytes;
  if (passed < collectEveryBytes) return;
  passed = 0;
  collect ??= openCollector();
  collect({ type: 'minor' });
}

function openCollector(): (how: object) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (how: object) => void;
}
