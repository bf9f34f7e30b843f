// The shapes of the API: what comes in is validated by them, what leaves passes them, OpenAPI shows them.

import { roles } from '@pi-gateway/access-token/role.ts';
import { Type } from 'typebox';

const strict = { additionalProperties: false } as const;
const time = () => Type.String({ format: 'date-time' });

export const Empty = Type.Object({}, strict);
export const Role = Type.Enum([...roles]);
export const Id = Type.String({ description: 'UUIDv7' });
const Email = Type.String({ description: 'Trimmed, ASCII local part, IDNA domain, lower case.' });
const Password = Type.String({ description: 'At most 1,024 bytes in UTF-8.' });

export const IdParams = Type.Object({ id: Id });

export const CredentialsBody = Type.Object({ email: Email, password: Password }, strict);

/** RFC 7662 section 2.1, RFC 7009 section 2.1. */
export const TokenForm = Type.Object({
  token: Type.String({ minLength: 1 }),
  token_type_hint: Type.Optional(Type.String({ description: 'access_token or refresh_token' })),
});

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { description: 'RFC 9457 problem details' },
);

export const RegisteredUser = Type.Object({ id: Id, email: Type.String(), role: Role, created_at: time() });

export const UserBody = Type.Object({
  id: Id,
  email: Type.String(),
  role: Role,
  disabled: Type.Boolean(),
  created_at: time(),
  last_login_at: Type.Union([time(), Type.Null()]),
});

export const SessionBody = Type.Object({
  id: Id,
  created_at: time(),
  last_used_at: time(),
  expires_at: time(),
  ip: Type.String(),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  current: Type.Boolean(),
});

export const TokensBody = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds.' }),
  refresh_token: Type.String(),
  refresh_expires_in: Type.Integer({
    description: 'Whole seconds until the session ends if it is not used.',
  }),
});

/** With REFRESH_COOKIE=on. */
export const TokensOrCookieBody = Type.Object({
  ...TokensBody.properties,
  refresh_token: Type.Optional(Type.String({ description: 'Missing when it went into the cookie.' })),
});
