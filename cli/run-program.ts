// One run of `pi`: the arguments in, the exit code out.

import { CommanderError } from 'commander';
import { describeFailure } from './cli-error.ts';
import { createProgram } from './create-program.ts';
import type { Io } from './io.ts';

/** `args`: without the program's own name. */
export async function runProgram(io: Io, args: readonly string[]): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { message, exitCode } = describeFailure(error);
    io.err(`pi: ${message}\n`);
    return exitCode;
  }
}
