// The event of a registration, or of its confirmation, that made no account.

import { auditOrigin, type Caller } from '../http/caller.ts';
import type { RefusalLog } from '../refusals/refusal-log.ts';

export type RefusedRegistration = {
  readonly reason: 'closed' | 'rate_limited' | 'email_taken' | 'unknown_token' | 'wrong_password';
  /** By `accountKey`, where an address was given. */
  readonly account?: string;
};

export function recordRefused(
  refusals: Pick<RefusalLog, 'write'>,
  caller: Caller,
  { reason, account }: RefusedRegistration,
): Promise<void> {
  return refusals.write({
    event: {
      ...auditOrigin(caller),
      event: 'registration.refused',
      outcome: reason === 'closed' || reason === 'rate_limited' ? 'denied' : 'failure',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { reason },
      ...(account === undefined ? {} : { personal: { account } }),
    },
    network: caller.network,
    // A wrong password has cost a hash.
    key: reason === 'wrong_password' ? undefined : (account ?? ''),
  });
}
