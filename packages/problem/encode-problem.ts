// The one serializer of errors: AppError in, status, headers and RFC 9457 body out. Used by auth, by the
// gateway and by the raw refusals below the HTTP layer, so that no two of them can differ.

import { AppError } from './app-error.ts';
import { type ProblemCode, problems } from './problems.ts';

export type EncodedProblem = {
  readonly status: number;
  /** Lower-case names; holds content-type, content-length and cache-control. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

// RFC 6750 section 3: no error code when no token was sent; credentials in the body are no bearer matter.
const challenges: Partial<Record<ProblemCode, string>> = {
  missing_token: 'Bearer',
  invalid_token: 'Bearer error="invalid_token"',
  invalid_credentials: 'Bearer',
  invalid_refresh_token: 'Bearer',
  insufficient_role: 'Bearer error="insufficient_scope"',
};

const retryAfterSeconds: Partial<Record<ProblemCode, number>> = { unavailable: 1, overloaded: 1 };

/** Wraps whatever was thrown: an AppError stays, anything else becomes `internal` with its cause. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', { cause: thrown });
}

/** Encodes an error for HTTP. `requestId` is the one the answer carries in `x-request-id`. */
export function encodeProblem(error: AppError, requestId: string): EncodedProblem {
  const { status, title, detail } = problems[error.code];
  const body = JSON.stringify({
    type: `urn:pi-gateway:problem:${error.code}`,
    title,
    status,
    detail: error.detail ?? detail,
    code: error.code,
    request_id: requestId,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  });
  const challenge = challenges[error.code];
  const retryAfter = retryAfterSeconds[error.code];
  return {
    status,
    body,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...error.headers,
    },
  };
}
