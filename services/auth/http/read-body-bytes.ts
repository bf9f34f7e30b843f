// The bytes of a request's body, 16 KiB at most. What is too long by its own length is refused before a byte is read.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { wantBody } from '@pi-gateway/http-front/want-body.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';

const bodyBytesMax = 16_384;

/** Whether there may be a body at all. @throws {AppError} `payload_too_large` by what the head says. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? 0);
  if (length > bodyBytesMax) throw new AppError('payload_too_large');
  return headers['transfer-encoding'] !== undefined || length > 0;
}

/**
 * Whether a body comes with exactly one content type of the given form, and without a content encoding.
 * `form` is matched against the whole value.
 */
export function isOfType(req: IncomingMessage, form: RegExp): boolean {
  const typeLines = req.rawHeaders.filter((name, i) => i % 2 === 0 && /^content-type$/i.test(name));
  const encoding = req.headers['content-encoding'] ?? 'identity';
  const isRight = typeLines.length === 1 && form.test(req.headers['content-type'] ?? '');
  return isRight && encoding.toLowerCase() === 'identity';
}

/** @throws {AppError} `payload_too_large`, or `malformed_request` for a body that broke off. */
export function readBodyBytes(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyBytesMax) {
        req.removeAllListeners('data');
        reject(new AppError('payload_too_large'));
      } else {
        chunks.push(chunk);
      }
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', (cause) => reject(new AppError('malformed_request', { cause })));
    // The front has answered a body that broke off, or the client has left.
    res.on('close', () => {
      if (!req.readableEnded) reject(new AppError('malformed_request'));
    });
    wantBody(req, res);
  });
}
