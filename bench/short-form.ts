// The short form of the benchmark, for the gate: our gateway with its check beside nginx, in processor time, for some
// twenty seconds. It prints the ratios beside those that were committed last and never fails: the machine may be busy.

import { installBenchPrograms } from './harness/install-programs.ts';
import { lastReportWith } from './harness/report.ts';
import { measureShortForm } from './rows/gateway.ts';

try {
  installBenchPrograms(['wrk', 'nginx']);
  const committed = lastReportWith('gateway');
  for (const now of await measureShortForm()) {
    const before = committed?.rows['gateway']?.goals?.find(({ name }) => name === now.name);
    const beside =
      before === undefined ? 'none committed' : `${before.value.toFixed(2)} in ${committed?.commit}`;
    console.log(`${now.name}: ${now.value.toFixed(2)} ${now.unit} (${beside}, goal ${now.bound})`);
  }
} catch (error) {
  console.log(`the speed was not measured: ${error instanceof Error ? error.message : String(error)}`);
}
process.exit();
