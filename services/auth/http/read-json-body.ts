// Reads the body of a request: application/json in UTF-8, no content encoding, 16 KiB at most, whatever the
// method. What is too long by its own length is refused before a byte is read, and so is a wrong type.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { wantBody } from '@pi-gateway/http-front/want-body.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { parseStrictJson } from '@pi-gateway/strict-json/parse-strict-json.ts';

const bodyBytesMax = 16_384;
// One optional space: a tab, another parameter or a second charset is another type.
const jsonType = /^application\/json(?: ?; ?charset=(?:utf-8|"utf-8"))?$/i;

/**
 * The document, or undefined when there is no body. An empty body is none where it may be missing.
 * @throws {AppError} `unsupported_media_type`, `payload_too_large` or `malformed_request`.
 */
export async function readJsonBody(
  req: IncomingMessage,
  res: ServerResponse,
  options: { readonly isOptional: boolean },
): Promise<unknown> {
  const { 'content-length': length, 'content-type': type } = req.headers;
  const isChunked = req.headers['transfer-encoding'] !== undefined;
  const hasBody = isChunked || Number(length ?? 0) > 0;
  if (!hasBody && (type === undefined || options.isOptional)) return undefined;
  if (Number(length ?? 0) > bodyBytesMax) throw new AppError('payload_too_large');
  checkType(req);
  const bytes = await readBytes(req, res);
  return bytes.length === 0 && options.isOptional ? undefined : parseStrictJson(bytes);
}

function checkType(req: IncomingMessage): void {
  const typeLines = req.rawHeaders.filter((name, i) => i % 2 === 0 && /^content-type$/i.test(name));
  const encoding = req.headers['content-encoding'] ?? 'identity';
  const isJson = typeLines.length === 1 && jsonType.test(req.headers['content-type'] ?? '');
  if (!isJson || encoding.toLowerCase() !== 'identity') throw new AppError('unsupported_media_type');
}

function readBytes(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
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
    res.on('close', () => reject(new AppError('malformed_request')));
    wantBody(req, res);
  });
}
