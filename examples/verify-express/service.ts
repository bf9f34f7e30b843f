// An Express service that verifies the tokens itself, because it is reached past the gateway. Open routes stand
// first; behind the middleware nobody gets without a valid token.

import type { TokenCheck, TokenVerifier } from '@pi-gateway/access-token';
import type { AccessTokenClaims } from '@pi-gateway/access-token/claims';
import express, { type Express, type RequestHandler } from 'express';

type SignedIn = { claims: AccessTokenClaims };

const refusals: Record<
  Exclude<TokenCheck['kind'], 'valid'>,
  readonly [status: number, challenge?: string]
> = {
  missing: [401, 'Bearer'],
  invalid: [401, 'Bearer error="invalid_token"'],
  ambiguous: [400],
  unavailable: [503],
};

/** The caller makes the verifier and closes it: an Express app has no end of its own. */
export function createService(tokens: TokenVerifier): Express {
  const app = express().disable('x-powered-by');
  app.get('/health', (_req, res) => void res.json({ status: 'ok' }));
  app.use(demandToken(tokens));
  app.get('/whoami', (_req, res) => {
    const { claims } = res.locals as SignedIn;
    res.json({ id: claims.sub, roles: claims.roles });
  });
  app.get('/reports', (_req, res) => {
    const { claims } = res.locals as SignedIn;
    if (claims.roles[0] === 'admin') res.json({ reports: [] });
    else res.status(403).json({ error: 'insufficient_role' });
  });
  return app;
}

function demandToken(tokens: TokenVerifier): RequestHandler {
  return async (req, res, next) => {
    const check = await tokens.verify(req.rawHeaders);
    if (check.kind === 'valid') {
      (res.locals as SignedIn).claims = check.claims;
      next();
      return;
    }
    const [status, challenge] = refusals[check.kind];
    if (challenge !== undefined) res.set('www-authenticate', challenge);
    res.status(status).json({ error: check.kind });
  };
}
