// The weakest argon2id parameters that pass for sound: OWASP's password storage cheat sheet names five pairs that it
// holds for equal, each with one lane. More passes make up for less memory, down to a bound.

const leastByPasses: Readonly<Record<number, number>> = { 1: 47_104, 2: 19_456, 3: 12_288, 4: 9216 };
const least = 7168;

/** The least memory, in KiB, for a number of passes. */
export function leastMemoryKib(passes: number): number {
  return leastByPasses[passes] ?? least;
}
