// Every error of the service leaves here, as RFC 9457. What Fastify throws by itself is mapped by its status;
// anything without a code of ours is our own fault: logged with its cause, the body says nothing.

import type { IncomingMessage } from 'node:http';
import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { encodeProblem } from '@pi-gateway/problem/encode-problem.ts';
import type { FastifyError, FastifyReply } from 'fastify';
import { validationFailed } from './validation-errors.ts';

export function sendError(thrown: unknown, requestId: string, reply: FastifyReply, log: Log): void {
  // The client left, or the front has answered a body that broke off.
  if (reply.raw.writableEnded || reply.raw.destroyed) {
    reply.hijack();
    return;
  }
  const error = toPublicError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause, request_id: requestId }, 'internal error');
  else if (error.code === 'unavailable') log.warn({ err: error.cause, request_id: requestId }, 'unavailable');
  const { status, headers, body } = encodeProblem(error, requestId);
  // The rest of a body that nobody wants ends with the connection.
  if (hasUnreadBody(reply.request.raw)) reply.header('connection', 'close');
  void reply.code(status).headers(headers).serializer(String).send(body);
}

// While the head is being handled `complete` is false for a request without a body too.
function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  return (
    !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
  );
}

function toPublicError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const { validation, statusCode } = Object(thrown) as Partial<FastifyError>;
  if (validation !== undefined) return validationFailed(validation);
  if (statusCode === 415) return new AppError('unsupported_media_type', { cause: thrown });
  if (statusCode === 400) return new AppError('malformed_request', { cause: thrown });
  return new AppError('internal', { cause: thrown });
}
