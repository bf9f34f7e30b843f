// What a benchmark is to the program that runs them, and what it gives back.

/** A figure that was set as a goal. */
export type Goal = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: number;
  /** Whether more is better. */
  readonly isFloor?: boolean;
};

export type RowResult = {
  /** One line a subject, the same columns in each; undefined shows as a dash. */
  readonly lines: readonly Readonly<Record<string, string | number | undefined>>[];
  readonly goals?: readonly Goal[];
};

export type Row = {
  readonly id: string;
  /** What it answers, for the heading. */
  readonly question: string;
  /** Programs it needs beside Node. */
  readonly programs: readonly string[];
  run(): Promise<RowResult>;
};

export function isReached({ value, bound, isFloor = false }: Goal): boolean {
  return isFloor ? value >= bound : value <= bound;
}
