// A line of the page of timeouts, and where its number is read.

export type Row = {
  readonly what: string;
  /** Read from `file`: `name = 1_000`, `name: 1_000`; of nginx the directive. */
  readonly file: string;
  readonly name: string;
  readonly after: string;
};

/** Rows by the title of their section. */
export type Sections = Readonly<Record<string, readonly Row[]>>;
