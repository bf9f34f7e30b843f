// A place in gateway.yaml and what is wrong there. All problems of a file are collected, so that one look
// at the output mends the whole file.

/** Line and column count from 1, as editors do. */
export type ConfigProblem = { readonly line: number; readonly column: number; readonly message: string };

/** One line, in the form that editors and terminals turn into a link. */
export function formatProblem(path: string, problem: ConfigProblem): string {
  return `${path}:${problem.line}:${problem.column}: ${problem.message}`;
}
