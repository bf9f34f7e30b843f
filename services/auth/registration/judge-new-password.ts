// What every way to a new password asks: registration, a change of password, the first admin, `pi user create`.

import { loadCommonPasswords } from '../crypto/common-passwords.ts';
import type { LeakedPasswords } from '../crypto/leaked-passwords.ts';
import { decidePassword, type PasswordDecision } from '../domain/decide-password.ts';
import type { Metrics } from '../metrics/metrics.ts';

type RuleDeps = { readonly config: { readonly passwordMinLength: number } };
type LeakDeps = {
  readonly leakedPasswords: LeakedPasswords | undefined;
  readonly metrics: Pick<Metrics, 'countLeakCheck'> | undefined;
};

/** By our own rules. `email` canonical, or empty when the address is refused anyway. */
export async function judgeNewPassword(
  { config }: RuleDeps,
  text: string,
  email: string,
): Promise<PasswordDecision> {
  const { has } = await loadCommonPasswords();
  return decidePassword(text, { lengthMin: config.passwordMinLength, isCommon: has, email });
}

/** By the range service, after the limits: whoever may not register makes us ask nobody. True when none is set or it fails. */
export async function isFreeOfLeaks(
  { leakedPasswords, metrics }: LeakDeps,
  password: string,
): Promise<boolean> {
  if (leakedPasswords === undefined) return true;
  const outcome = await leakedPasswords.check(password);
  metrics?.countLeakCheck(outcome);
  return outcome !== 'leaked';
}
