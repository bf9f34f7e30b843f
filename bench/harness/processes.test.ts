import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { endAll, otherCores, Processes, runProgram } from './processes.ts';

// They cannot be left behind by a test that fails: each is over in a minute.
const sleep = ['sleep', '60'] as const;
const isAlive = (pid: number) => spawnSync('kill', ['-0', String(pid)]).status === 0;

test('a benchmark that is cut off ends all it started, what it waits for fails, and nothing more is started', async () => {
  const processes = new Processes();
  const pids = [processes.start(otherCores, sleep), processes.start(otherCores, sleep)];
  const waiting = assert.rejects(runProgram('sleep', ['60']), { signal: 'SIGTERM' });
  assert.ok(pids.every(isAlive));
  await endAll();
  await waiting;
  assert.ok(!pids.some(isAlive));
  assert.throws(() => processes.start(otherCores, sleep), /cut off/);
  await assert.rejects(runProgram('sleep', ['60']), /cut off/);
});
