// `npm run bench`: all benchmarks in one run on this machine, or those that are named: `npm run bench -- gateway tls`.
// Prints a table for each and writes bench/results/<date>-<commit>.json. bench/README.md tells how to read them.

import { installBenchPrograms } from './harness/install-programs.ts';
import { describeMachine, renderGoals, renderRow, saveReport } from './harness/report.ts';
import type { RowResult } from './harness/row.ts';
import { rows } from './rows.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => !rows.some((row) => row.id === id));
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}; there are: ${rows.map((row) => row.id).join(', ')}`);
  process.exit(2);
}
const chosen = wanted.length === 0 ? rows : rows.filter((row) => wanted.includes(row.id));
installBenchPrograms([...new Set(chosen.flatMap((row) => row.programs))]);
console.log(`# ${describeMachine()}\n`);
const results: Record<string, RowResult> = {};
for (const row of chosen) {
  try {
    const result: RowResult = await row.run();
    console.log(`${renderRow(row.question, result)}\n`);
    saveReport({ [row.id]: result });
    results[row.id] = result;
  } catch (error) {
    console.error(`## ${row.question}\n\n${String(error)}\n`);
    process.exitCode = 1;
  }
}
console.log('## Goals\n');
console.log(
  renderGoals(
    rows.map((row) => row.id),
    results,
  ),
);
process.exit();
