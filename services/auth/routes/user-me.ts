// GET /auth/me: the account of the token, as it is now.

import { encodeUser } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { UserBody } from '../http/schemas.ts';

export function userMe() {
  return signedInEndpoint(
    { summary: 'The account that is signed in', answers: { 200: UserBody } },
    ({ principal }) => Promise.resolve(encodeUser(principal.user)),
  );
}
