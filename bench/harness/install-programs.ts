// The programs that benchmarks start, those included that only load or compare. On Debian as root a missing one is
// installed; anywhere else the error names the one command that does it.

import { installPrograms } from '../../launch/testing/install-server-programs.ts';

// Debian's package where it has another name than the program.
const packages: Readonly<Record<string, string>> = { pgbench: 'postgresql-contrib', taskset: 'util-linux' };

/** @throws {LaunchError} naming the one command, where this account or system does not let us install. */
export function installBenchPrograms(programs: readonly string[]): void {
  const needed = process.platform === 'linux' ? [...programs, 'taskset'] : programs;
  installPrograms(needed.map((program) => ({ program, packageName: packages[program] ?? program })));
}
