// Reads the body of a request: application/json in UTF-8, no content encoding, 16 KiB at most, whatever the
// method. What is too long by its own length is refused before a byte is read, and so is a wrong type.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { parseStrictJson } from '@pi-gateway/strict-json/parse-strict-json.ts';
import { hasBody, isOfType, readBodyBytes } from './read-body-bytes.ts';

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
  const isNone = !hasBody(req) && (req.headers['content-type'] === undefined || options.isOptional);
  if (isNone) return undefined;
  if (!isOfType(req, jsonType)) throw new AppError('unsupported_media_type');
  const bytes = await readBodyBytes(req, res);
  return bytes.length === 0 && options.isOptional ? undefined : parseStrictJson(bytes);
}
