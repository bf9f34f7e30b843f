// `/.well-known/gateway-jwks.json`: what services verify internal tokens with.

import type { Exchange } from '../exchange.ts';
import type { IdentityKeys } from '../identity/identity-keys.ts';
import { answerJson } from './answer-json.ts';

export type IdentityKeysDeps = { readonly identityKeys: IdentityKeys; readonly nowMs: () => number };

export function answerIdentityKeys(x: Exchange, { identityKeys, nowMs }: IdentityKeysDeps): 'answered' {
  const keys = identityKeys.all(nowMs()).map(({ jwk }) => jwk);
  // Not longer than a withdrawn key may go on: a change of the epoch is to be seen soon.
  answerJson(x, { keys }, 'public, max-age=5');
  return 'answered';
}
