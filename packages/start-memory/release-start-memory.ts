// Loading and compiling the code leaves some 40 MB of garbage, which V8 keeps until there is work to do; a
// service at rest has none. One collection a moment after the start gives it back (bench/footprint.ts shows it).

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const afterStartMs = 1000;

/** Later than the first answers, so that nobody waits for it (some 50 ms). */
export function releaseStartMemory(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (how: object) => void;
    // The plain collection keeps the emptied pages; this one hands them back to the system.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, afterStartMs).unref();
}
