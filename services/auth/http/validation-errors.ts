// From the validator's findings to the `errors` of a problem: a pointer and a sentence, none of the schema's
// own words, and not more than a person reads.

import { AppError, type FieldError } from '@pi-gateway/problem/app-error.ts';
import type { FastifySchemaValidationError } from 'fastify';

const errorsMax = 20;

/** A 422 out of what AJV found. */
export function validationFailed(found: readonly FastifySchemaValidationError[]): AppError {
  return new AppError('validation_failed', { errors: found.slice(0, errorsMax).map(toFieldError) });
}

/** A 422 for one field, decided by the domain. */
export function refuseField(pointer: string, ...details: readonly string[]): AppError {
  return new AppError('validation_failed', { errors: details.map((detail) => ({ pointer, detail })) });
}

function toFieldError({ keyword, instancePath, params }: FastifySchemaValidationError): FieldError {
  switch (keyword) {
    case 'required':
      return { pointer: `${instancePath}/${escapePointer(params.missingProperty)}`, detail: 'is required' };
    case 'additionalProperties':
      return {
        pointer: `${instancePath}/${escapePointer(params.additionalProperty)}`,
        detail: 'is not known here',
      };
    case 'type':
      return { pointer: instancePath, detail: `must be of type ${String(params.type)}` };
    case 'enum':
      return { pointer: instancePath, detail: `must be one of ${[params.allowedValues].flat().join(', ')}` };
    case 'minProperties':
      return { pointer: instancePath, detail: 'must name at least one change' };
    default:
      return { pointer: instancePath, detail: 'is not in the form that is asked for' };
  }
}

// RFC 6901 section 3; a client's own key comes back bounded.
function escapePointer(key: unknown): string {
  return String(key).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
