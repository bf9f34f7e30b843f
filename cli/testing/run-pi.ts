// The tool as a process of its own, as people run it.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runProgram } from '../run-program.ts';

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

type Run = {
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input holds. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
};

const program = join(import.meta.dirname, '..', 'pi.ts');

/** Only what `env` names is set, and the path. */
export function spawnPi(
  args: readonly string[],
  { env = {}, cwd = tmpdir() }: Omit<Run, 'input'> = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args], { cwd, env: { PATH: process.env['PATH'], ...env } });
}

export function runPi(args: readonly string[], { input = '', ...run }: Run = {}): Promise<Ended> {
  const child = spawnPi(args, run);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined); // it may end before it has read everything
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

/** The same inside this process, for tests of many runs: what a command says and answers, in a fraction of the time. */
export async function callPi(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  let [out, err] = ['', ''];
  const code = await runProgram(
    {
      env,
      stdin: Readable.from([]),
      out: (text) => (out += text),
      err: (text) => (err += text),
      progress: () => undefined,
    },
    args,
  );
  return { code, out, err };
}
