// A Fastify service that verifies the tokens itself, because it is reached past the gateway. Open routes stand
// outside, all others inside the plugin whose first hook lets nobody through without a valid token.

import type { TokenCheck, TokenVerifier } from '@pi-gateway/access-token';
import type { AccessTokenClaims } from '@pi-gateway/access-token/claims';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the verified token; null on open routes. */
    claims: AccessTokenClaims | null;
  }
}

const refusals: Record<
  Exclude<TokenCheck['kind'], 'valid'>,
  readonly [status: number, challenge?: string]
> = {
  missing: [401, 'Bearer'],
  invalid: [401, 'Bearer error="invalid_token"'],
  ambiguous: [400],
  unavailable: [503],
};

/** Takes the verifier over and closes it when it ends. */
export function createService(tokens: TokenVerifier): FastifyInstance {
  const app = fastify();
  app.decorateRequest('claims', null);
  app.addHook('onClose', async () => tokens.close());
  app.get('/health', async () => ({ status: 'ok' }));

  app.register(async (signedIn) => {
    signedIn.addHook('onRequest', async (request, reply) => {
      const check = await tokens.verify(request.raw.rawHeaders);
      if (check.kind !== 'valid') return refuse(reply, check.kind);
      request.claims = check.claims;
      return undefined;
    });
    signedIn.get('/whoami', async ({ claims }) => ({ id: claims?.sub, roles: claims?.roles }));
    signedIn.get('/reports', async ({ claims }, reply) => {
      if (claims?.roles[0] !== 'admin') return reply.code(403).send({ error: 'insufficient_role' });
      return { reports: [] };
    });
  });
  return app;
}

function refuse(reply: FastifyReply, kind: keyof typeof refusals): FastifyReply {
  const [status, challenge] = refusals[kind];
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  return reply.code(status).send({ error: kind });
}
