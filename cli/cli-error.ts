// What a command may end with, and the one place that turns any failure into a line and an exit code.

import { SettingError } from '@pi-gateway/env/settings.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { problems } from '@pi-gateway/problem/problems.ts';

/** 1: refused, nothing was changed. 3: a setting is wrong or a part is away. 4: done but for some lines of the input. */
export type FailureExitCode = 1 | 3 | 4;

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: FailureExitCode;

  constructor(exitCode: FailureExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One line for the person at the terminal. */
export function describeFailure(error: unknown): { message: string; exitCode: FailureExitCode } {
  if (error instanceof CliError) return error;
  if (error instanceof SettingError) return { message: error.message, exitCode: 3 };
  if (error instanceof AppError) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return { message: `${error.detail ?? problems[error.code].detail}${cause}`, exitCode: 3 };
  }
  return { message: error instanceof Error ? error.message : String(error), exitCode: 3 };
}
