// The filters of the audit log as they come in a query: out of form, they are a 422.

import { canonicalAddress } from '@pi-gateway/client-address/canonical-address.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { refuseField } from './validation-errors.ts';

/** @throws {AppError} `validation_failed`. */
export function readFilterId(pointer: string, text: string | undefined): string | undefined {
  if (text !== undefined && !isUuidV7(text)) throw refuseField(pointer, 'must be a UUIDv7');
  return text;
}

/** Canonical, as events have it. @throws {AppError} `validation_failed`. */
export function readFilterAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const address = canonicalAddress(text);
  if (address === undefined) throw refuseField('/ip', 'must be an IP address');
  return address;
}
