// A proof in its long form: a name to call it by, what it measures, and which promises its figures miss.

export type Figures = Readonly<Record<string, unknown>>;
export type Outcome = { readonly figures: Figures; readonly missed: readonly string[] };

export type Proof = {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
  /** The file of its figures in bench/results; unset: sessions-under-attack.json. */
  readonly results?: string;
};

export function judge(
  figures: Figures,
  bounds: readonly (readonly [holds: boolean, what: string])[] = [],
): Outcome {
  return { figures, missed: bounds.filter(([holds]) => !holds).map(([, what]) => what) };
}
