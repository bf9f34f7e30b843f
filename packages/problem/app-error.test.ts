import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from './app-error.ts';

test('an answer is made without the stack that nobody would read, and the failure underneath keeps its own', () => {
  const limit = Error.stackTraceLimit;
  const cause = new Error('no route to host');
  const error = new AppError('unavailable', { cause });
  assert.doesNotMatch(error.stack ?? '', /\n/);
  assert.match(cause.stack ?? '', /app-error\.test\.ts/);
  assert.equal(error.cause, cause);
  assert.equal(Error.stackTraceLimit, limit);
});
