// Which of several sound targets gets the next request. Weights are shares: of two with 1 and 3 the second gets
// three of four requests, and counts as equally busy with three times as many under way.

export const balances = ['round_robin', 'least_pending', 'power_of_two'] as const;
export type Balance = (typeof balances)[number];

export type Candidate = {
  readonly weight: number;
  /** Requests under way. */
  readonly active: number;
  /** What `roundRobin` keeps from one choice to the next. */
  credit: number;
};

type Choose = <C extends Candidate>(candidates: readonly C[], random: () => number) => C;

/** The smooth form: each gains its weight, the richest is taken and pays for all; heavy ones come well spread. */
const roundRobin: Choose = (candidates) => {
  let total = 0;
  let richest = candidates[0]!;
  for (const candidate of candidates) {
    candidate.credit += candidate.weight;
    total += candidate.weight;
    if (candidate.credit > richest.credit) richest = candidate;
  }
  richest.credit -= total;
  return richest;
};

/** In turn among those that are equally idle, so that a quiet service does not load its first target alone. */
const leastPending: Choose = (candidates, random) => {
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) least = Math.min(least, load(candidate));
  return roundRobin(
    candidates.filter((candidate) => load(candidate) === least),
    random,
  );
};

/** The idler of two drawn at random: nearly as good as the idlest of all, and many gateways do not all rush to one. */
const powerOfTwo: Choose = (candidates, random) => {
  const first = draw(candidates, random);
  if (candidates.length === 1) return first;
  const second = draw(
    candidates.filter((candidate) => candidate !== first),
    random,
  );
  return load(second) < load(first) ? second : first;
};

const chooseBy: Readonly<Record<Balance, Choose>> = {
  round_robin: roundRobin,
  least_pending: leastPending,
  power_of_two: powerOfTwo,
};

/** One of at least one candidate. `random` gives numbers from 0 up to but not including 1. */
export function choose<C extends Candidate>(
  balance: Balance,
  candidates: readonly C[],
  random: () => number = Math.random,
): C {
  return chooseBy[balance](candidates, random);
}

function load({ active, weight }: Candidate): number {
  return active / weight;
}

function draw<C extends Candidate>(candidates: readonly C[], random: () => number): C {
  let rest = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  for (const candidate of candidates) {
    rest -= candidate.weight;
    if (rest < 0) return candidate;
  }
  return candidates.at(-1)!;
}
