// GET /.well-known/jwks.json (RFC 7517 section 5).

import { Type } from 'typebox';
import { PublicJwk } from '../crypto/signing-key.ts';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';
import { sendCached } from '../http/send-cached.ts';

const JwksBody = Type.Object({ keys: Type.Array(PublicJwk) });

// Less than the shortest time between a key's publication and its first use.
const maxAgeSeconds = 10;

export function jwksGet({ keyRing }: Pick<AuthDeps, 'keyRing'>) {
  return endpoint(
    { summary: 'The keys that verify access tokens', answers: { 200: JwksBody } },
    ({ ifNoneMatch }, reply) => {
      const { body, etag } = keyRing.published();
      return Promise.resolve(sendCached(reply, { body, etag, maxAgeSeconds, ifNoneMatch }));
    },
  );
}
