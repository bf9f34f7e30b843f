// The short form of the benchmark, for the gate (`npm run bench:short`), for some forty seconds: our gateway with its check
// beside nginx, in processor time, and refreshes beside pgbench. It prints the ratios beside those that were committed last,
// and never fails a build: the machine may be busy, or have no load generator.

import { installBenchPrograms } from './harness/install-programs.ts';
import { lastReportWith } from './harness/report.ts';
import type { Goal } from './harness/row.ts';
import { measureShortForm } from './rows/gateway.ts';
import { measureShortRefresh } from './rows/refresh.ts';

const parts: Readonly<Record<string, () => Promise<readonly Goal[]>>> = {
  gateway: measureShortForm,
  refresh: measureShortRefresh,
};
// Whatever hangs, the gate goes on.
const timeoutMs = 90_000;

function print(row: string, goals: readonly Goal[]): void {
  const committed = lastReportWith(row);
  for (const now of goals) {
    const before = committed?.rows[row]?.goals?.find(({ name }) => name === now.name);
    const beside =
      before === undefined ? 'none committed' : `${before.value.toFixed(2)} in ${committed?.commit}`;
    console.log(`${now.name}: ${now.value.toFixed(2)} ${now.unit} (${beside}, goal ${now.bound})`);
  }
}

setTimeout(() => {
  console.log(`the speed was not measured: it took more than ${timeoutMs / 1000} s`);
  process.exit();
}, timeoutMs);
for (const [row, measure] of Object.entries(parts)) {
  try {
    // pgbench comes with a whole database server: where it is not there, it is left out.
    installBenchPrograms(['wrk', 'nginx']);
    print(row, await measure());
  } catch (error) {
    console.log(`${row} was not measured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exit();
