// Whether an access token still says what is true of its account. Exact to the microsecond: the jti tells the
// instant of issue, which was read after the account's row was locked.

import { uuidV7Micros } from '@pi-gateway/uuid/uuid-v7.ts';

type Claims = { readonly jti: string; readonly roles: readonly [string] };
type Account = { readonly role: string; readonly isDisabled: boolean; readonly tokensValidAfter: number };

export function isTokenCurrent({ jti, roles }: Claims, account: Account): boolean {
  return !account.isDisabled && roles[0] === account.role && uuidV7Micros(jti) > account.tokensValidAfter;
}
