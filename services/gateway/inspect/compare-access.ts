// Does one access let more callers in than another? public ⊇ optional ⊇ authenticated ⊇ roles ⊇ fewer roles. What
// the two differ in beside that has no such order and counts as weaker: it is for a person to look at.

import type { Access } from '../routing/route.ts';

export type AccessChange = 'same' | 'stronger' | 'weaker' | 'different';

export function compareAccess(before: Access, after: Access): AccessChange {
  if (JSON.stringify(before) === JSON.stringify(after)) return 'same';
  if (restOf(before) !== restOf(after)) return 'different';
  const [wider, narrower] = [admitsAll(after, before), admitsAll(before, after)];
  if (wider && narrower) return 'same';
  return wider ? 'weaker' : narrower ? 'stronger' : 'different';
}

/** Whether everybody whom `b` lets in is let in by `a`. */
function admitsAll(a: Access, b: Access): boolean {
  if (a.kind !== 'roles' || b.kind !== 'roles') return rank(a) <= rank(b);
  return b.roles.every((role) => a.roles.includes(role));
}

function rank({ kind }: Access): number {
  switch (kind) {
    case 'public':
      return 0;
    case 'optional':
      return 1;
    case 'authenticated':
      return 2;
    case 'roles':
      return 3;
    default:
      return kind satisfies never;
  }
}

function restOf(access: Access): string {
  const { kind: _, ...rest } = access;
  return JSON.stringify('roles' in rest ? { ...rest, roles: undefined } : rest);
}
