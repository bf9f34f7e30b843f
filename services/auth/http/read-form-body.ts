// Reads a form (application/x-www-form-urlencoded) as OAuth means it: a parameter stands once, unknown ones are
// ignored, a missing one is a 400 (RFC 6749 sections 3.2 and 5.2). Only one way to read each form is accepted.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { hasBody, isOfType, readBodyBytes } from './read-body-bytes.ts';

const formType = /^application\/x-www-form-urlencoded(?: ?; ?charset=(?:utf-8|"utf-8"))?$/i;

/** @throws {AppError} `unsupported_media_type`, `payload_too_large` or `malformed_request`. */
export async function readFormBody(
  req: IncomingMessage,
  res: ServerResponse,
  required: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const bytes = hasBody(req) ? await readTyped(req, res) : Buffer.alloc(0);
  const parameters = new Map<string, string>();
  for (const pair of bytes.toString('latin1').split('&')) {
    if (pair === '') continue;
    const [name = '', ...value] = pair.split('=');
    const key = decode(name);
    if (parameters.has(key)) refuse('A parameter stands twice in the form.');
    parameters.set(key, decode(value.join('=')));
  }
  for (const name of required) if (!parameters.get(name)) refuse(`The parameter ${name} is missing.`);
  return Object.fromEntries(parameters);
}

function readTyped(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
  if (isOfType(req, formType)) return readBodyBytes(req, res);
  throw new AppError('unsupported_media_type', {
    detail: 'Send application/x-www-form-urlencoded in UTF-8, without a content encoding.',
  });
}

function decode(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) refuse('The form holds characters that are not percent-encoded.');
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return refuse('The form is not percent-encoded UTF-8.');
  }
}

function refuse(detail: string): never {
  throw new AppError('malformed_request', { detail });
}
