// Lets admins in; everybody else's try is an event.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { RefusalLog } from '../refusals/refusal-log.ts';
import type { Principal } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { type AskedRoute, recordDenied } from './record-refusal.ts';

/** @throws {AppError} `insufficient_role`. */
export async function checkAdmin(
  refusals: RefusalLog,
  principal: Principal,
  caller: Caller,
  asked: AskedRoute,
): Promise<void> {
  if (principal.user.role === 'admin') return;
  await recordDenied(refusals, caller, principal, { reason: 'insufficient_role', ...asked });
  throw new AppError('insufficient_role');
}
