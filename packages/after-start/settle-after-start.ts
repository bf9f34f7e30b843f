// What is left to do once a process has started. Loading and compiling the code leaves some 40 MB of garbage, which
// V8 keeps until there is work to do; a service at rest has none. One collection gives it back (bench/footprint.ts
// shows it). And the compiled code is written to NODE_COMPILE_CACHE, which Node does only at a clean exit by itself:
// the start after a kill would be as slow as the first.

import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const afterStartMs = 1000;

/** Later than the first answers, so that nobody waits for it (some 50 ms). */
export function settleAfterStart(): void {
  setTimeout(() => {
    flushCompileCache();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (how: object) => void;
    // The plain collection keeps the emptied pages; this one hands them back to the system.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, afterStartMs).unref();
}
