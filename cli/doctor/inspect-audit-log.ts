// The audit log: sealed in time, and not shorter than what was anchored here. That it holds is for `pi audit verify`.

import { join } from 'node:path';
import { placeOf, readSeal } from '@pi-gateway/auth/audit/seal.ts';
import { readLastAnchor } from '@pi-gateway/auth/sealing/anchors.ts';
import { findLastSeal, findUnsealedAge } from '@pi-gateway/auth/store/audit-seals.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { withDatabase } from '../with-database.ts';
import type { Finding } from './finding.ts';

const part = 'audit log';
// As the alert PiAuditUnsealed.
const lateSeconds = 120;

export async function inspectAuditLog(io: Io): Promise<Finding> {
  try {
    return await withDatabase(io, async (db, { dataDir, auditSealSeconds, auditAnchorUrl }) => {
      const last = await findLastSeal(db);
      const seal = last && readSeal(last.text, last.signature);
      const age = (await findUnsealedAge(db, placeOf(seal))) ?? 0;
      const anchor = await readLastAnchor(join(dataDir, 'audit-anchors.ndjson'));
      const lastNumber = last?.number ?? 0;
      if (anchor !== undefined && anchor.number > lastNumber) {
        const detail = `seal ${anchor.number} was anchored here, the last one there is ${lastNumber}: run npx pi audit verify`;
        return { part, state: 'fail', detail };
      }
      const told = `seal ${lastNumber}${seal === undefined ? '' : ` of ${seal.statement.at}`}`;
      if (age > lateSeconds + auditSealSeconds) {
        const detail = `${told}; an event is without a seal for ${age.toFixed(0)} s: is auth running?`;
        return { part, state: 'warn', detail, figures: { unsealed_seconds: Math.round(age) } };
      }
      const where = anchor !== undefined ? 'anchored here' : 'no anchors here';
      const posted = auditAnchorUrl === undefined ? ', posted nowhere (AUDIT_ANCHOR_URL)' : ', and posted';
      return { part, state: 'ok', detail: `${told}, ${where}${posted}` };
    });
  } catch (error) {
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}
