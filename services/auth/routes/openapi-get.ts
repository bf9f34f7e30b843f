// GET /openapi.json: OpenAPI 3.1 out of the very schemas that validate and serialise.

import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { endpoint } from '../http/endpoint.ts';
import { sendCached } from '../http/send-cached.ts';

const maxAgeSeconds = 300;

/** `describe` gives the document as an object once all routes are there; it is made at the first request. */
export function openapiGet(describe: () => unknown) {
  let made: { readonly body: string; readonly etag: string } | undefined;
  return endpoint(
    {
      summary: 'This description',
      answers: { 200: Type.Object({}, { additionalProperties: true }) },
    },
    ({ ifNoneMatch }, reply) => {
      made ??= make(describe());
      return Promise.resolve(sendCached(reply, { ...made, maxAgeSeconds, ifNoneMatch }));
    },
  );
}

function make(document: unknown) {
  const body = JSON.stringify(document);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
