// The 101 of a service, written to the client's raw socket, and the tunnel behind it (RFC 9110 section 7.8).

import type { Socket } from 'node:net';
import { readBearer } from '@pi-gateway/access-token/read-bearer.ts';
import { readKid } from '@pi-gateway/access-token/read-kid.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { filterAnswerHeaders } from './answer-headers.ts';
import type { Tunnels } from './tunnel.ts';

/** @throws {AppError} upstream_invalid when the service switched to something else than a WebSocket. */
export function acceptUpgrade(
  x: Exchange,
  headers: readonly string[],
  upstream: Socket,
  tunnels: Tunnels,
): void {
  if (!isWebSocket(headers)) {
    upstream.destroy();
    throw new AppError('upstream_invalid');
  }
  const client = x.req.socket;
  const { fields } = filterAnswerHeaders(headers, x.requestId, { keepLength: false, keepTrailer: false });
  fields.push('connection', 'Upgrade', 'upgrade', 'websocket');
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  x.res.detachSocket(client);
  client.write(`${head}\r\n`, 'latin1');
  // What the client sent right behind its request belongs to the tunnel.
  if (x.upgrade!.head.length > 0) client.unshift(x.upgrade!.head);
  const idleMs = x.route!.upstream!.config.timeouts.tunnelIdleMs;
  const bearer = readBearer(x.req.rawHeaders);
  const kid = bearer.kind === 'token' ? readKid(bearer.token) : undefined;
  tunnels.open({ client, upstream, principal: x.principal, kid, idleMs });
}

function isWebSocket(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() === 'upgrade') return headers[i + 1]!.toLowerCase() === 'websocket';
  }
  return false;
}
