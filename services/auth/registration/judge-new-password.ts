// What every way to a new password asks: registration, a change of password, `pi user create`.

import { loadCommonPasswords } from '../crypto/common-passwords.ts';
import { decidePassword, type PasswordDecision } from '../domain/decide-password.ts';

type Deps = { readonly config: { readonly passwordMinLength: number } };

/** `email` canonical, or empty when the address is refused anyway. */
export async function judgeNewPassword(
  { config }: Deps,
  text: string,
  email: string,
): Promise<PasswordDecision> {
  const { has } = await loadCommonPasswords();
  return decidePassword(text, { lengthMin: config.passwordMinLength, isCommon: has, email });
}
