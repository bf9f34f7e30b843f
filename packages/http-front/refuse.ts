// The writers of problem answers for code without a framework: on a response, or on a bare socket.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AppError } from '@pi-gateway/problem/app-error.ts';
import { encodeProblem } from '@pi-gateway/problem/encode-problem.ts';
import { closeLingering } from './close-lingering.ts';
import { connectionOf } from './connection.ts';
import { hasUnreadBody } from './unread-body.ts';

/**
 * Answers a request with a problem. With an unread body the connection ends behind it, for nobody waits for the rest.
 * `added`: further fields of the answer, lower-case names. When an answer was begun already the socket is destroyed, so that the client sees the truncation.
 */
export function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  error: AppError,
  requestId: string,
  added: Readonly<Record<string, string>> = {},
): void {
  if (res.writableEnded) return;
  if (res.headersSent) {
    req.socket.destroy();
    return;
  }
  const connection = connectionOf(req.socket);
  if (hasUnreadBody(req)) connection.isClosing = true;
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  const { status, headers: own, body } = encodeProblem(error, requestId);
  const headers = { ...own, ...added };
  res.writeHead(status, connection.isClosing ? { ...headers, connection: 'close' } : headers);
  res.end(body);
}

/** The same without a response object (nothing could be parsed, or an upgrade is refused); always closes. */
export function refuseSocket(socket: Socket, error: AppError, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = encodeProblem(error, requestId);
  const lines = Object.entries({ ...headers, date: new Date().toUTCString(), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
  closeLingering(socket);
}
