// An account as the commands show it: the fields of the API, never anything of its password.

import type { User } from '@pi-gateway/auth/store/users.ts';

const time = (micros: number) => new Date(micros / 1000).toISOString();

export function userJson(user: User) {
  return {
    id: user.id,
    email: user.email,
    role: user.role,
    disabled: user.isDisabled,
    created_at: time(user.createdAt),
    last_login_at: user.lastLoginAt === null ? null : time(user.lastLoginAt),
  };
}

export function userRow(user: User): Record<string, string> {
  const { id, email, role, disabled, created_at, last_login_at } = userJson(user);
  return {
    id,
    email,
    role,
    state: disabled ? 'disabled' : 'enabled',
    created_at,
    last_login_at: last_login_at ?? 'never',
  };
}
