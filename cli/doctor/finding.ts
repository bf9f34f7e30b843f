// One line of `pi doctor`.

export type Finding = {
  readonly part: string;
  /** `warn`: it runs, but somebody should know. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** One line; for `fail` it says how to mend it. */
  readonly detail: string;
  /** The figures of `detail`, for programs. */
  readonly figures?: Readonly<Record<string, string | number>>;
};
