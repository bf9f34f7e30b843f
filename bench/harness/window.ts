// One window of logins, registrations, refreshes or bare hashes, in a process of its own (window-process.ts), so that
// nothing of one window is left for the next. Rates a second.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WindowOrder, WindowReport } from './window-process.ts';

/** @throws {Error} when the window did not come to its end, or an answer was not good. */
export async function measureWindow(order: WindowOrder): Promise<number> {
  const child = fork(join(import.meta.dirname, 'window-process.ts'), [JSON.stringify(order)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a window ended with ${String(code)}`);
  });
  const [report] = (await Promise.race([once(child, 'message'), ended])) as [WindowReport];
  await ended.catch(() => undefined);
  return report.done / report.seconds;
}
