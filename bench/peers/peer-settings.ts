// What each of the JavaScript peers is given: `node bench/peers/<name>.ts <port> <service> <log file> [<JWKS URL>]`.
// With a JWKS URL it checks bearer tokens the way fast-jwt's documentation shows, with its cache on, and the role.

import { createPublicKey, type webcrypto } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createVerifier } from 'fast-jwt';

const [, , portText, service = '', logFile = '', jwksUrl] = process.argv;

export const port = Number(portText);
export { service };

type Claims = { readonly sub: string; readonly roles: readonly string[] };

/** The claims of a token that holds, for a user with the role; throws for any other. */
export type Check = (authorization: string | undefined) => Claims;

export async function readCheck(): Promise<Check | undefined> {
  if (jwksUrl === undefined) return undefined;
  const { keys } = (await (await fetch(jwksUrl)).json()) as { keys: [webcrypto.JsonWebKey] };
  const key = createPublicKey({ key: keys[0], format: 'jwk' }).export({
    format: 'pem',
    type: 'spki',
  });
  const verify = createVerifier({ key, algorithms: ['ES256'], cache: 20_000 });
  return (authorization = '') => {
    const claims = verify(authorization.slice('Bearer '.length)) as Claims;
    if (!claims.roles.includes('user')) throw new Error('insufficient role');
    return claims;
  };
}

const lines: string[] = [];
const log = createWriteStream(logFile);
setInterval(() => log.write(lines.splice(0).join('')), 100);

/** One line in the access log, buffered as nginx' is. */
export function logRequest(req: IncomingMessage, res: ServerResponse): void {
  const { method, url } = req;
  const time = new Date().toISOString();
  res.on('finish', () => {
    lines.push(`${JSON.stringify({ time, method, path: url, status: res.statusCode })}\n`);
  });
}
