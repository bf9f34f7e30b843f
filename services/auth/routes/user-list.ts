// GET /admin/users: all accounts, newest first.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { canonicalEmail } from '../domain/canonical-email.ts';
import { encodeUser } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { loadPage, pageBody, pageQuery } from '../http/page.ts';
import { recordRead } from '../http/record-read.ts';
import { Role, UserBody } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { listUsers } from '../store/users.ts';

const UsersQuery = Type.Object(
  {
    ...pageQuery,
    email: Type.Optional(Type.String({ description: 'The whole address, in any spelling.' })),
    role: Type.Optional(Role),
    disabled: Type.Optional(Type.Enum(['true', 'false'])),
  },
  { additionalProperties: false },
);

export function userList({ db, limits, secrets }: Pick<AuthDeps, 'db' | 'limits' | 'secrets'>) {
  return signedInEndpoint(
    { summary: 'List accounts', query: UsersQuery, answers: { 200: pageBody(UserBody) } },
    async ({ query, caller, principal }) => {
      const filter = {
        email: query.email === undefined ? undefined : readEmail(query.email),
        role: query.role,
        disabled: query.disabled === undefined ? undefined : query.disabled === 'true',
      };
      const { rows, beforeId, nextCursor } = await loadPage(
        'users',
        query,
        secrets.cursorMac,
        (before, limit) => listUsers(db, filter, before, limit),
      );
      const { role, disabled, limit } = query;
      const account = filter.email === undefined ? undefined : limits.accountKey(filter.email);
      const asked = { role, disabled, limit, before: beforeId };
      await recordRead(db, caller, principal, { event: 'users.listed', asked, personal: { account } });
      return { items: rows.map(encodeUser), next_cursor: nextCursor };
    },
  );
}

function readEmail(text: string): string {
  const address = canonicalEmail(text);
  if (address.kind === 'refused') throw refuseField('/email', address.detail);
  return address.email;
}
