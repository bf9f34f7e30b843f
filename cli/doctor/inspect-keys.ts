// The signing keys: which one signs and since when, when the next one follows, and whether the master key opens them.

import { unsealKey } from '@pi-gateway/auth/keys/unseal-key.ts';
import { listSigningKeys } from '@pi-gateway/auth/store/signing-keys.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { findMasterKey } from '../read-master-key.ts';
import { withDatabase } from '../with-database.ts';
import type { Finding } from './finding.ts';

const part = 'signing keys';

export async function inspectKeys(io: Io): Promise<Finding> {
  try {
    return await withDatabase(io, async (db, settings) => {
      const keys = await listSigningKeys(db);
      const nowMicros = Date.now() * 1000;
      const signing = keys.findLast(({ activeAt }) => activeAt <= nowMicros) ?? keys[0];
      if (signing === undefined) return { part, state: 'warn', detail: 'none yet: auth makes one' };
      const ageDays = (nowMicros - signing.activeAt) / 86_400e6;
      const newest = keys.at(-1)!;
      const rotationMs = settings.signingKeyRotationSeconds * 1000;
      const nextMs =
        newest.activeAt > nowMicros ? newest.activeAt / 1000 : newest.activeAt / 1000 + rotationMs;
      const told = `${signing.kid} signs for ${ageDays.toFixed(1)} days, another from ${new Date(nextMs).toISOString()}`;
      const masterKey = findMasterKey(settings);
      if (masterKey === undefined) {
        return {
          part,
          state: 'warn',
          detail: `${told}; no master key here, so whether it opens them was not tried`,
        };
      }
      const sealKey = deriveSecret(masterKey, 'signing-key-encryption/v1');
      for (const { kid, privateSealed } of keys) unsealKey(privateSealed, kid, sealKey);
      // Auth makes the next one ahead of its time: late by an hour, none is running.
      const isLate = nextMs < Date.now() - 3_600_000;
      return isLate
        ? { part, state: 'warn', detail: `${told}, which is past: is auth running?` }
        : { part, state: 'ok', detail: `${told}; the master key opens all ${keys.length}` };
    });
  } catch (error) {
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}
