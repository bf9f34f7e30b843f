// GET /internal/revocations?since=: the gateways' second source. For whoever proves to be our gateway; to
// everybody else this address does not exist.

import { toWire } from '@pi-gateway/revocation/revocation-wire.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';
import { listRevocationsSince } from '../store/revocations.ts';

const SinceQuery = Type.Object(
  {
    since: Type.String({ pattern: '^[0-9]{1,16}$', description: 'Microseconds; 0: all that live.' }),
    from_id: Type.Optional(
      Type.String({ pattern: '^[0-9a-f-]{36}$', description: 'Where the next page begins.' }),
    ),
  },
  { additionalProperties: false },
);

const RevocationsBody = Type.Object({
  as_of: Type.Integer(),
  revocations: Type.Array(
    Type.Object({
      kind: Type.String(),
      id: Type.String(),
      not_before: Type.Integer(),
      until: Type.Integer(),
    }),
  ),
  next: Type.Union([Type.Object({ since: Type.Integer(), from_id: Type.String() }), Type.Null()]),
});

export function revocationsGet({ db }: Pick<AuthDeps, 'db'>) {
  return endpoint(
    { summary: 'Live revocations', query: SinceQuery, answers: { 200: RevocationsBody } },
    async ({ query }) => {
      const { asOf, revocations, next } = await listRevocationsSince(db, Number(query.since), query.from_id);
      return {
        as_of: asOf,
        revocations: revocations.map(toWire),
        next: next === undefined ? null : { since: next.since, from_id: next.fromId },
      };
    },
  );
}
