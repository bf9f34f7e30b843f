// GET /.well-known/oauth-authorization-server (RFC 8414): where a service in any language finds the keys and the
// two endpoints. Tokens are issued by POST /auth/login, which is no OAuth grant: no endpoint for one is named.

import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';
import { sendCached } from '../http/send-cached.ts';

const MetadataBody = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  introspection_endpoint: Type.String(),
  introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
  revocation_endpoint: Type.String(),
  revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
  response_types_supported: Type.Array(Type.String()),
  grant_types_supported: Type.Array(Type.String()),
  service_documentation: Type.String(),
});

const maxAgeSeconds = 300;

export function metadataGet({ config: { publicUrl } }: Pick<AuthDeps, 'config'>) {
  const body = JSON.stringify({
    issuer: publicUrl,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    introspection_endpoint: `${publicUrl}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
    revocation_endpoint: `${publicUrl}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: ['client_secret_basic'],
    response_types_supported: ['none'],
    // Left out it would claim the default, authorization_code and implicit.
    grant_types_supported: [],
    service_documentation: `${publicUrl}/openapi.json`,
  });
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return endpoint(
    { summary: 'Authorization server metadata (RFC 8414)', answers: { 200: MetadataBody } },
    ({ ifNoneMatch }, reply) =>
      Promise.resolve(sendCached(reply, { body, etag, maxAgeSeconds, ifNoneMatch })),
  );
}
