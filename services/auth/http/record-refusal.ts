// The events of what is refused before or outside a route's own decision. Nothing is told of what was typed: a token,
// a name, a path; the route is the table's own.

import type { AppError } from '@pi-gateway/problem/app-error.ts';
import { TokenFault } from '@pi-gateway/problem/token-fault.ts';
import type { RefusalLog } from '../refusals/refusal-log.ts';
import type { Principal } from './authenticate.ts';
import { auditOrigin, type Caller } from './caller.ts';

export type AskedRoute = { readonly method: string; readonly route: string };
type Refusals = Pick<RefusalLog, 'write' | 'writeLater'>;

/** A token that does not hold; by whatever route it was sent. */
export function recordInvalidToken(
  refusals: Refusals,
  caller: Caller,
  asked: AskedRoute,
  { cause }: AppError,
): void {
  const { fault, holder } = cause instanceof TokenFault ? cause : { fault: 'revoked', holder: undefined };
  refusals.writeLater({
    event: {
      ...auditOrigin(caller),
      event: 'access.denied',
      outcome: 'denied',
      // Who sent a token that is dead may be anybody.
      actorId: null,
      targetId: holder?.userId ?? null,
      sessionId: holder?.sessionId ?? null,
      data: { reason: 'invalid_token', fault, ...asked },
    },
    network: caller.network,
    key: holder?.userId ?? '',
  });
}

/** Wrong credentials of a service, or a wrong proof of being our gateway. */
export function recordWrongCredentials(
  refusals: Refusals,
  caller: Caller,
  asked: AskedRoute,
  reason: 'invalid_client' | 'invalid_proof',
): void {
  refusals.writeLater({
    event: {
      ...auditOrigin(caller),
      event: 'access.denied',
      outcome: 'denied',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { reason, ...asked },
    },
    network: caller.network,
    key: '',
  });
}

/** What a user may not do. */
export function recordDenied(
  refusals: Refusals,
  caller: Caller,
  { user, sessionId }: Principal,
  data: { readonly reason: 'no_such_session' } | ({ readonly reason: 'insufficient_role' } & AskedRoute),
): Promise<void> {
  return refusals.write({
    event: {
      ...auditOrigin(caller),
      event: 'access.denied',
      outcome: 'denied',
      actorId: user.id,
      targetId: user.id,
      sessionId,
      data: { ...data, role: user.role },
    },
    network: caller.network,
    key: user.id,
  });
}
