// Services that may introspect and revoke tokens, by HTTP Basic (RFC 7617, RFC 6749 section 2.3.1). Credentials
// are compared as digests and with every client, so that neither time nor answer tells which name exists.

import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '@pi-gateway/problem/app-error.ts';

export type ServiceClient = {
  readonly name: string;
  /** SHA-256 of `name:secret`. */
  readonly digest: Buffer;
};

const entryForm = /^([A-Za-z0-9._-]{1,64}):([\x21-\x2b\x2d-\x7e]{32,256})$/;
const basicForm = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const challenge = { 'www-authenticate': 'Basic realm="PI Gateway", charset="UTF-8"' };

/**
 * Reads `name:secret` entries, one a line or between commas. One name may stand with two secrets, so that a
 * secret can be changed without a gap.
 * @throws {Error} that shows no secret.
 */
export function readServiceClients(text: string): readonly ServiceClient[] {
  const entries = text.split(/[\n,]/).map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== '')
    .map((entry, i) => {
      const [, name] = entryForm.exec(entry) ?? [];
      if (name === undefined) {
        throw new Error(
          `entry ${i + 1} must be name:secret, the secret of 32 to 256 printable characters without a comma`,
        );
      }
      return { name, digest: digest(entry) };
    });
}

/**
 * The name of the service that sent a request.
 * @throws {AppError} `invalid_credentials` with a Basic challenge, or `malformed_request` for two Authorization headers.
 */
export function checkServiceClient(clients: readonly ServiceClient[], rawHeaders: readonly string[]): string {
  const values = rawHeaders.filter(
    (_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === 'authorization',
  );
  if (values.length > 1)
    throw new AppError('malformed_request', { detail: 'Send one Authorization header.' });
  const given = Buffer.from(basicForm.exec(values[0] ?? '')?.[1] ?? '', 'base64').toString('utf8');
  const name = findClient(clients, given) ?? findClient(clients, decodeForm(given));
  if (name !== undefined) return name;
  throw new AppError('invalid_credentials', {
    detail: 'This resource needs the credentials of a service by HTTP Basic.',
    headers: challenge,
  });
}

function findClient(clients: readonly ServiceClient[], given: string): string | undefined {
  const wanted = digest(given);
  let found: string | undefined;
  for (const { name, digest } of clients) if (timingSafeEqual(digest, wanted)) found = name;
  return found;
}

/** OAuth clients form-encode both parts before they join them; with plain names and secrets that changes nothing. */
function decodeForm(given: string): string {
  try {
    return decodeURIComponent(given.replaceAll('+', ' '));
  } catch {
    return given;
  }
}

function digest(credentials: string): Buffer {
  return createHash('sha256').update(credentials).digest();
}
