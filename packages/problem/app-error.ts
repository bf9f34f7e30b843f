// An operational failure with a public code. Whatever has no code is our own fault and becomes `internal`.

import type { ProblemCode } from './problems.ts';

/** One invalid place in the input: an RFC 6901 JSON pointer into the body (or query), and why it is refused. */
export type FieldError = { readonly pointer: string; readonly detail: string };

export type AppErrorOptions = {
  /** The failure underneath; logged, never sent. */
  readonly cause?: unknown;
  /** Replaces the public message of the table; must hold nothing internal. */
  readonly detail?: string;
  /** For `validation_failed` only. */
  readonly errors?: readonly FieldError[];
  /** Extra response headers, lower-case names (`allow`, `ratelimit`, `retry-after` …). */
  readonly headers?: Readonly<Record<string, string>>;
};

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, options: AppErrorOptions = {}) {
    // An answer to a request, not a fault of the code: nobody logs where it was made, and a flood of refusals would pay
    // for it. The failure underneath has its own stack.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}
