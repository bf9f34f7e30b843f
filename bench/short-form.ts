// The short form of the benchmark, for the gate (`npm run bench:short`), for some forty seconds: our gateway with its check
// beside nginx, in processor time, and refreshes beside pgbench. It prints the ratios beside those that were committed last,
// and never fails a build: the machine may be busy, or have no load generator. Nothing it started outlives it.

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installBenchPrograms } from './harness/install-programs.ts';
import { endAll } from './harness/processes.ts';
import { lastReportWith } from './harness/report.ts';
import type { Goal } from './harness/row.ts';
import { measureShortForm } from './rows/gateway.ts';
import { measureShortRefresh } from './rows/refresh.ts';

const parts: Readonly<Record<string, () => Promise<readonly Goal[]>>> = {
  gateway: measureShortForm,
  refresh: measureShortRefresh,
};
// Whatever hangs, the gate goes on; `--seconds=<n>` for less.
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '90' } } });
const cutOff = Promise.withResolvers<string>();
setTimeout(() => cutOff.resolve(`it took more than ${values.seconds} s`), Number(values.seconds) * 1000);
// `timeout` and an impatient person.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => cutOff.resolve(signal));
/** For what was under way to put its things away once its programs are gone. */
const tidyMs = 10_000;
let isCutOff = false;

function print(row: string, goals: readonly Goal[]): void {
  const committed = lastReportWith(row);
  for (const now of goals) {
    const before = committed?.rows[row]?.goals?.find(({ name }) => name === now.name);
    const beside =
      before === undefined ? 'none committed' : `${before.value.toFixed(2)} in ${committed?.commit}`;
    console.log(`${now.name}: ${now.value.toFixed(2)} ${now.unit} (${beside}, goal ${now.bound})`);
  }
}

async function measureAll(): Promise<void> {
  for (const [row, measure] of Object.entries(parts)) {
    if (isCutOff) return;
    try {
      // pgbench comes with a whole database server: where it is not there, it is left out.
      installBenchPrograms(['wrk', 'nginx']);
      print(row, await measure());
    } catch (error) {
      if (isCutOff) return;
      console.log(`${row} was not measured: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const measuring = measureAll();
const why = await Promise.race([measuring, cutOff.promise]);
if (why !== undefined) {
  isCutOff = true;
  console.log(`the speed was not measured: ${why}`);
  await endAll();
  await Promise.race([measuring, delay(tidyMs)]);
}
process.exit();
