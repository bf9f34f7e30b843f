// What every route that ends a right does: the revocations go into its transaction, and after the commit out
// to everyone, the gateway that carried the request first of all, before the answer leaves.

import { encodeRevocations, revocationsHeader } from '@pi-gateway/gateway-link/revocation-header.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import type { FastifyReply } from 'fastify';
import type { Queryable } from '../db/database.ts';
import type { Revocations } from '../revocation/revocations.ts';
import { insertRevocations } from '../store/revocations.ts';
import type { EndedSession } from '../store/sessions.ts';
import type { Caller } from './caller.ts';

export type RevokeDeps = {
  readonly revocations: Revocations;
  readonly config: { readonly accessTokenTtlSeconds: number; readonly clockSkewSeconds: number };
};

/** Kills the access tokens of ended sessions; part of the transaction that ends them. */
export function saveSessionRevocations(
  tx: Queryable,
  deps: Pick<RevokeDeps, 'config'>,
  ended: readonly EndedSession[],
): Promise<Revocation[]> {
  const rows = ended.map(({ id, endedAt }) => ({ kind: 'session' as const, id, notBefore: endedAt }));
  return insertRevocations(tx, rows, lifeSeconds(deps));
}

/** Kills all access tokens of a user issued up to `notBefore` (microseconds). */
export function saveUserRevocation(
  tx: Queryable,
  deps: Pick<RevokeDeps, 'config'>,
  userId: string,
  notBefore: number,
): Promise<Revocation[]> {
  return insertRevocations(tx, [{ kind: 'user', id: userId, notBefore }], lifeSeconds(deps));
}

/** After the commit, before the answer. */
export async function announceRevocations(
  deps: RevokeDeps,
  caller: Caller,
  reply: FastifyReply,
  revocations: readonly Revocation[],
): Promise<void> {
  if (revocations.length === 0) return;
  if (caller.isFromGateway) reply.header(revocationsHeader, encodeRevocations(revocations));
  await deps.revocations.announce(revocations);
}

function lifeSeconds({ config }: Pick<RevokeDeps, 'config'>): number {
  return config.accessTokenTtlSeconds + config.clockSkewSeconds;
}
