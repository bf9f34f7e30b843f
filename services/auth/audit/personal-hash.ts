// What an event says of the person is kept beside the log, and the event commits to it by this hash. The salt is
// known nowhere else: once the side row is gone, nobody can try addresses until one fits.

import { hash, randomBytes } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

export type Personal = {
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** What of the event's data tells of a person; null: nothing. */
  readonly data: unknown;
};

const saltBytes = 16;

// Drawn in bulk: for each salt by itself it cost a refresh a thirtieth of its time.
const saltsDrawn = 256;
let drawn = randomBytes(0);

export function newSalt(): Buffer {
  if (drawn.length === 0) drawn = randomBytes(saltsDrawn * saltBytes);
  const salt = drawn.subarray(0, saltBytes);
  drawn = drawn.subarray(saltBytes);
  return salt;
}

/** The text that is hashed after a line that says for what. `salt` is hexadecimal. */
function encodePersonal({ ip, userAgent, data }: Personal, salt: string): string {
  const [ipText, agentText] = [JSON.stringify(ip), JSON.stringify(userAgent)];
  return `{"data":${canonicalJson(data)},"ip":${ipText},"salt":"${salt}","user_agent":${agentText}}`;
}

/** Hexadecimal. */
export function hashPersonal(personal: Personal, salt: string): string {
  return hash('sha256', `pi-audit-personal/v1\n${encodePersonal(personal, salt)}`, 'hex');
}
