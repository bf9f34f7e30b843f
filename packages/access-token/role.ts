// The two roles of the product. The claim `roles` holds exactly one of them.

export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** True for a role we know, in the one spelling we use. */
export function isRole(value: unknown): value is Role {
  return value === 'user' || value === 'admin';
}
