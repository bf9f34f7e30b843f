// What an event says of the person is kept beside the log, and the event commits to it by this hash. The salt is
// known nowhere else: once the side row is gone, nobody can try addresses until one fits.

import { hash, randomBytes } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

export type Personal = {
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** What of the event's data tells of a person; null: nothing. */
  readonly data: Readonly<Record<string, unknown>> | null;
};

const prefix = Buffer.from('pi-audit-personal/v1\n');
const saltBytes = 16;

export const newSalt = (): Buffer => randomBytes(saltBytes);

/** Undefined when there is nothing to hide. */
export function hashPersonal(personal: Personal, salt: Buffer): Buffer | undefined {
  const { ip, userAgent, data } = personal;
  if (ip === null && userAgent === null && data === null) return undefined;
  const text = canonicalJson({ data, ip, user_agent: userAgent });
  return hash('sha256', Buffer.concat([prefix, salt, Buffer.from(text)]), 'buffer');
}
