// The gate: `npm run ok`. Named steps in order, cheapest first; stops at the first that fails and says what to
// do. `--skip-tests` leaves the tests out, for a run that has just made them.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

type Step = { readonly name: string; readonly command: readonly string[]; readonly remedy: string };

const root = join(import.meta.dirname, '..');
const tool = (name: string) => join(root, 'node_modules', '.bin', name);
const script = (name: string) => [process.execPath, join(root, 'tools', name)];

const steps: readonly Step[] = [
  { name: 'types', command: [tool('tsc'), '--noEmit'], remedy: 'mend the types named above' },
  { name: 'lint', command: [tool('oxlint')], remedy: 'mend the lines named above' },
  { name: 'format', command: [tool('biome'), 'check', '.'], remedy: 'run: npm run format' },
  {
    name: 'unused',
    command: [tool('knip'), '--no-config-hints'],
    remedy: 'remove what nobody uses, or declare what is used',
  },
  { name: 'imports', command: script('check-imports.ts'), remedy: 'see "One direction" in ARCHITECTURE.md' },
  { name: 'docs', command: script('check-docs.ts'), remedy: 'run: npm run docs, then mend what is left' },
];
const tests: Step = { name: 'tests', command: script('run-tests.ts'), remedy: 'mend the tests named above' };
const speed: Step = {
  name: 'speed',
  command: [process.execPath, join(root, 'bench', 'short-form.ts')],
  remedy: 'it only shows: see why it could not',
};

function runStep({ name, command, remedy }: Step): boolean {
  const startedMs = performance.now();
  const [program = '', ...args] = command;
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`ok: ${name} (${seconds} s)`);
    return true;
  }
  const how = error?.message ?? (signal === null ? `exit code ${status}` : `stopped by ${signal}`);
  console.error(`not ok: ${name} (${how}); ${remedy}`);
  return false;
}

const chosen = process.argv.includes('--skip-tests') ? steps : [...steps, tests, speed];
process.exitCode = chosen.every(runStep) ? 0 : 1;
