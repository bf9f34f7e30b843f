// What an admin's change of an account does. Pure. A change that changes nothing writes nothing, and the
// last admin who can still sign in can be neither demoted nor disabled, by himself least of all.

import type { Role } from '@pi-gateway/access-token/role.ts';

export type UserState = { readonly role: Role; readonly isDisabled: boolean };
export type WantedChange = { readonly role?: Role | undefined; readonly disabled?: boolean | undefined };

export type UserChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'last_admin' }
  | {
      readonly kind: 'change';
      readonly role: { readonly from: Role; readonly to: Role } | undefined;
      readonly disabled: 'disabled' | 'enabled' | undefined;
    };

/** `otherLivingAdmins`: enabled admins beside this user, counted under the lock that every such change takes. */
export function decideUserChange(
  user: UserState,
  wanted: WantedChange,
  otherLivingAdmins: number,
): UserChange {
  const role = wanted.role ?? user.role;
  const isDisabled = wanted.disabled ?? user.isDisabled;
  if (role === user.role && isDisabled === user.isDisabled) return { kind: 'none' };
  const wasLivingAdmin = user.role === 'admin' && !user.isDisabled;
  const staysLivingAdmin = role === 'admin' && !isDisabled;
  if (wasLivingAdmin && !staysLivingAdmin && otherLivingAdmins === 0) return { kind: 'last_admin' };
  const disabled = isDisabled ? 'disabled' : 'enabled';
  return {
    kind: 'change',
    role: role === user.role ? undefined : { from: user.role, to: role },
    disabled: isDisabled === user.isDisabled ? undefined : disabled,
  };
}
