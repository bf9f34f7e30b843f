// When the next signing key is made and when an old one goes. Pure; times in microseconds by the database.
// A key is published before it signs, long enough for every gateway to have fetched it, and stays until the
// last token it signed has died.

export type KeyTimes = { readonly kid: string; readonly activeAt: number };
export type KeyRotationRules = {
  readonly rotationSeconds: number;
  readonly accessTokenTtlSeconds: number;
  readonly clockSkewSeconds: number;
};

export type KeyRotation = {
  /** When a key to be made now begins to sign; undefined: none is due. */
  readonly nextActiveAt: number | undefined;
  /** Keys whose last token has died. */
  readonly dead: readonly string[];
};

const second = 1_000_000;
// A gateway refreshes its keys every five seconds: three times before a key signs. With no hurry it is more,
// for services that cache the published set themselves.
export const publishLeadSecondsMin = 15;
const publishLeadSecondsMax = 300;

/** Decides over all keys of the database. */
export function decideKeyRotation(
  keys: readonly KeyTimes[],
  now: number,
  rules: KeyRotationRules,
): KeyRotation {
  const byActivation = keys.toSorted((a, b) => a.activeAt - b.activeAt);
  const newest = byActivation.at(-1);
  const lastTokenSeconds = rules.accessTokenTtlSeconds + rules.clockSkewSeconds + publishLeadSecondsMax;
  const dead = byActivation
    .filter((_, i) => (byActivation[i + 1]?.activeAt ?? Infinity) + lastTokenSeconds * second < now)
    .map((key) => key.kid);
  if (newest === undefined) return { nextActiveAt: now, dead };
  const rotation = rules.rotationSeconds * second;
  const wanted = Math.max(publishLeadSecondsMin * second, Math.floor(rotation / 2));
  // A rotation shorter than the lead has several keys on their way at once.
  const lead = Math.min(publishLeadSecondsMax * second, wanted);
  const isDue = now >= newest.activeAt + rotation - lead;
  // After a long sleep the lead is kept all the same: no token before its key could be known.
  return { nextActiveAt: isDue ? Math.max(newest.activeAt + rotation, now + lead) : undefined, dead };
}

/** The key that signs at an instant: the one that became active last. */
export function keyActiveAt<K extends KeyTimes>(keys: readonly K[], at: number): K | undefined {
  return keys.filter((key) => key.activeAt <= at).toSorted((a, b) => b.activeAt - a.activeAt)[0];
}

export type KeyRevocation =
  | { readonly kind: 'unknown' }
  /** `isSigning`: it signs now, or nothing else could; another key has to take over at this instant. */
  | { readonly kind: 'revoke'; readonly isSigning: boolean };

/** What withdrawing a key means. An older key that still verifies does not sign again: its time was over. */
export function decideKeyRevocation(keys: readonly KeyTimes[], kid: string, now: number): KeyRevocation {
  if (!keys.some((key) => key.kid === kid)) return { kind: 'unknown' };
  const signing = keyActiveAt(keys, now);
  return { kind: 'revoke', isSigning: signing === undefined || signing.kid === kid };
}

/** How many keys are published at once at most. */
export function countKeysMax({
  rotationSeconds,
  accessTokenTtlSeconds,
  clockSkewSeconds,
}: KeyRotationRules): number {
  const shownSeconds = accessTokenTtlSeconds + clockSkewSeconds + 2 * publishLeadSecondsMax;
  return Math.ceil(shownSeconds / rotationSeconds) + 2;
}
