// What a command may touch of the outside, and the two forms in which it answers.

import type { Readable } from 'node:stream';

export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Shows how far a long run is, over what it showed before; nothing unless a person looks on. */
  readonly progress: (text: string) => void;
};

/** For people (`text`) and, with --json, for programs (`json`, one document). */
export type Answer = { readonly text: string; readonly json: unknown };

export function printAnswer(io: Io, answer: Answer, asJson: boolean | undefined): void {
  io.out(asJson === true ? `${JSON.stringify(answer.json, null, 2)}\n` : `${answer.text}\n`);
}

/** Columns as wide as their longest cell, headed by the names of the first row's fields. */
export function formatTable(rows: readonly Readonly<Record<string, string>>[], none: string): string {
  const [first] = rows;
  if (first === undefined) return none;
  const names = Object.keys(first);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
