// One part of a running system is killed; the supervisor has it back within five seconds, and twice that is
// granted where the tests keep every processor busy.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const backWithinMs = 10_000;

export async function killByPidFile(path: string): Promise<void> {
  const pid = Number((await readFile(path, 'utf8')).split('\n')[0]);
  assert.ok(pid > 1, path);
  process.kill(pid, 'SIGKILL');
}

/** Asks again and again until the status was 200 five times in a row; gives back every status that was seen. */
export async function statusesUntilOk(ask: () => Promise<number>): Promise<number[]> {
  const deadline = performance.now() + backWithinMs;
  const seen: number[] = [];
  let inRow = 0;
  while (inRow < 5) {
    const status = await ask();
    seen.push(status);
    inRow = status === 200 ? inRow + 1 : 0;
    if (inRow === 0)
      assert.ok(performance.now() < deadline, `not back in time: ${seen.slice(-10).join(' ')}`);
    await delay(20);
  }
  return seen;
}
