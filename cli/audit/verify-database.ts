// `pi audit verify` on the database: as it is at one instant, without holding up writers or the sealer.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSeal } from '@pi-gateway/auth/audit/seal.ts';
import { readSnapshot } from '@pi-gateway/auth/db/read-snapshot.ts';
import { readAnchorBook } from '@pi-gateway/auth/proving/anchor-book.ts';
import { digestLog } from '@pi-gateway/auth/proving/read-log.ts';
import { verifyLog } from '@pi-gateway/auth/proving/verify-log.ts';
import { openAuditKeys } from '@pi-gateway/auth/sealing/audit-keys.ts';
import { listAuditKeys } from '@pi-gateway/auth/store/audit-keys.ts';
import { findDropSeal, findLoggedEvent, isEventListed } from '@pi-gateway/auth/store/audit-reading.ts';
import { findFirstSealNumber } from '@pi-gateway/auth/store/audit-seals.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import type { CliSettings } from '../auth-settings.ts';
import { findMasterKey } from '../read-master-key.ts';
import { chooseKeys } from './choose-keys.ts';
import { readAnchorsFile } from './read-anchors-file.ts';
import type { Verification, VerifyWish } from './verification.ts';

export async function verifyDatabase(settings: CliSettings, wish: VerifyWish): Promise<Verification> {
  const anchorsPath = wish.anchorsPath ?? findAnchors(settings, wish);
  // Before the snapshot: it then holds every seal that was anchored until now.
  const anchors = anchorsPath === undefined ? undefined : await readAnchorBook(readAnchorsFile(anchorsPath));
  const masterKey = findMasterKey(settings);
  return readSnapshot(settings.databaseUrl, async (snapshot) => {
    const rows = await listAuditKeys(snapshot);
    const firstSeal = (await findFirstSealNumber(snapshot)) ?? 1;
    const drop = await findDropSeal(snapshot);
    const trust = chooseKeys({
      given: wish.keys,
      pins: wish.pins,
      opened: masterKey && openAuditKeys(rows, deriveSecret(masterKey, 'audit-seal/v1')),
      anchors,
      claimed: rows.map(({ publicJwk }) => publicJwk),
    });
    const verified = await verifyLog(digestLog(snapshot, { firstSeal, lastSeal: undefined }), {
      keys: trust.keys,
      drop: drop && readSeal(drop.text, drop.signature),
      anchors,
      hasStart: true,
      hasEnd: true,
      whereabouts: {
        isInLog: async (id) => (await findLoggedEvent(snapshot, id)) !== undefined,
        isSealed: (id) => isEventListed(snapshot, id),
      },
      onProgress: wish.onProgress,
    });
    return { verified, trust: trust.by, anchors, range: { from: null, to: null }, exportedAt: null };
  });
}

/** Those of the service that keeps its data here. */
function findAnchors({ dataDir }: CliSettings, { isAnchored }: VerifyWish): string | undefined {
  const path = join(dataDir, 'audit-anchors.ndjson');
  return isAnchored && existsSync(path) ? path : undefined;
}
