// Which session a token stands for, when it is given to be ended: whether it is still good for anything else
// does not matter.

import { timingSafeEqual } from 'node:crypto';
import { hashNonce, readRefreshToken } from '../crypto/refresh-token.ts';
import type { Database } from '../db/database.ts';
import { findRefreshState } from '../store/sessions.ts';

/** The session of a refresh token of any generation: each proves that its holder once had the session. */
export async function findRefreshSession(
  { db, secrets }: { readonly db: Database; readonly secrets: { readonly refreshMac: Buffer } },
  text: string,
): Promise<string | undefined> {
  const token = readRefreshToken(text, secrets.refreshMac);
  if (token === undefined) return undefined;
  const row = await findRefreshState(db, token.sessionId);
  const isOurs = row !== undefined && timingSafeEqual(hashNonce(token.nonce), row.nonceHash);
  return isOurs ? token.sessionId : undefined;
}
