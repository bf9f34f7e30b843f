// Runs the proofs that the command line names by words of their names, or all, and keeps the figures of each, with
// machine, versions and method, in bench/results. The process ends with them: 1 when a promise was missed.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { installServerPrograms } from '../../launch/testing/install-server-programs.ts';
import { makeTestCluster } from '../../launch/testing/test-cluster.ts';
import type { Figures, Proof } from './proof.ts';

const resultsDir = join(import.meta.dirname, '../../bench/results');

function describeMachine(postgres: string): Figures {
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()} ${release().split('-')[0]}`,
    node: process.version,
    redis: execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).split(' ').slice(0, 3).join(' '),
    postgres,
  };
}

function readResults(path: string): Record<string, Figures> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Figures>;
  } catch {
    return {};
  }
}

/** True when every promise holds. */
async function runProof(
  { name, run, results: file = 'sessions-under-attack.json' }: Proof,
  postgres: string,
): Promise<boolean> {
  const [loadBefore = 0] = loadavg();
  const startMs = performance.now();
  const { figures, missed } = await run();
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const measured = {
    at: new Date().toISOString(),
    ...describeMachine(postgres),
    loadAverageBefore: Number(loadBefore.toFixed(2)),
    seconds,
  };
  const resultsPath = join(resultsDir, file);
  const results = { ...readResults(resultsPath), [name]: { measured, figures, missed } };
  mkdirSync(resultsDir, { recursive: true });
  writeFileSync(resultsPath, `${JSON.stringify(results, rounded, 2)}\n`);
  process.stdout.write(
    `${missed.length === 0 ? 'ok    ' : 'MISSED'} ${name} (${seconds} s) ${JSON.stringify(figures, rounded)}\n`,
  );
  for (const what of missed) process.stdout.write(`       not reached: ${what}\n`);
  return missed.length === 0;
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

/** @param postgres how the server under them runs. */
export async function runProofs(proofs: readonly Proof[], postgres: string): Promise<never> {
  // Leaves no service behind: they are stopped when this process exits.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const chosen = proofs.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  installServerPrograms();
  const cluster = await makeTestCluster();
  process.env['PI_TEST_CLUSTER'] = cluster.dir;
  try {
    for (const proof of chosen) {
      const holds = await runProof(proof, postgres).catch((error: unknown) => {
        process.stdout.write(`FAILED ${proof.name}: ${(error as Error).stack ?? String(error)}\n`);
        return false;
      });
      if (!holds) process.exitCode = 1;
    }
  } finally {
    await cluster.remove();
  }
  process.exit();
}
