// Answers with a document that caches may keep: Cache-Control, a strong ETag, and 304 (RFC 9110 section 13.1.2).

import type { FastifyReply } from 'fastify';

export type CachedDocument = {
  readonly body: string;
  /** With its quotes. */
  readonly etag: string;
  readonly maxAgeSeconds: number;
  readonly ifNoneMatch: string | undefined;
};

export function sendCached(reply: FastifyReply, document: CachedDocument): FastifyReply {
  const { body, etag, maxAgeSeconds, ifNoneMatch } = document;
  reply.header('cache-control', `public, max-age=${maxAgeSeconds}`).header('etag', etag);
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (known.includes(etag) || known.includes('*')) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').serializer(String).send(body);
}
