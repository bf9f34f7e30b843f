// What a backup cannot know is what was revoked after it was made: a logout, a stolen session, a withdrawn key. So all
// of them end with the restore, and tokens that old keys signed are dead on every gateway.

import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { withdrawSigningKeys } from '@pi-gateway/auth/keys/change-signing-keys.ts';
import { endEverySession } from '@pi-gateway/auth/store/sessions.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';

export type Ended = { readonly sessions: number; readonly revocations: readonly Revocation[] };

export async function endSessions(tx: Queryable, masterKey: Buffer): Promise<Ended> {
  const sealKey = deriveSecret(masterKey, 'signing-key-encryption/v1');
  const sessions = await endEverySession(tx, 'restored');
  return { sessions, revocations: await withdrawSigningKeys(tx, sealKey) };
}
