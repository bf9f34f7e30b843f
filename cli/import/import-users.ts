// Takes accounts in, batch by batch, each batch one transaction with its audit events. A run that was killed is
// simply run again: what is there already is counted as known, so that every way ends with the same rows.

import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { findScheme } from '@pi-gateway/auth/crypto/foreign/find-scheme.ts';
import type { Database } from '@pi-gateway/auth/db/database.ts';
import { insertAuditEventPerTarget } from '@pi-gateway/auth/store/audit-events.ts';
import { listPasswordClasses } from '@pi-gateway/auth/store/credentials.ts';
import { type BulkUser, insertUsers, listKnownEmails } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { type ImportLine, readImportLine } from './read-import-line.ts';
import { readLines } from './read-lines.ts';

export type LineFault = { readonly line: number; readonly detail: string };

export type ImportResult = {
  readonly imported: number;
  /** Their address has an account already. */
  readonly known: number;
  readonly refused: number;
  /** Of the first lines that were refused. */
  readonly faults: readonly LineFault[];
};

export type ImportOptions = {
  /** What all kinds of hashes together may cost a login. */
  readonly costMsMax: number;
  /** The class of today's own hashes, which every login pays for anyway. */
  readonly ownClass: string;
  readonly onProgress: (result: ImportResult) => void;
};

type Numbered = { readonly line: number; readonly user: BulkUser };

const lineBytesMax = 16_384;
const batchSize = 200;
const faultsMax = 1000;

export async function importUsers(
  db: Database,
  source: AsyncIterable<Buffer>,
  { costMsMax, ownClass, onProgress }: ImportOptions,
): Promise<ImportResult> {
  let [imported, known, refused] = [0, 0, 0];
  const faults: LineFault[] = [];
  const classCosts = new Map([[ownClass, 0]]);
  for (const one of await listPasswordClasses(db)) {
    if (one !== ownClass) classCosts.set(one, costOfClass(one));
  }
  const result = () => ({ imported, known, refused, faults });

  function refuse(line: number, ...details: readonly string[]): void {
    refused++;
    if (faults.length < faultsMax) faults.push({ line, detail: details.join(', ') });
  }

  /** Every kind of hash that any account has is paid for by every login. */
  function admitCost({ hash }: ImportLine & { kind: 'user' }): string | undefined {
    if (classCosts.has(hash.passwordClass)) return undefined;
    const costMs = [...classCosts.values()].reduce((sum, cost) => sum + cost, hash.costMs);
    if (costMs > costMsMax) {
      return `/password_hash would make every login cost ${Math.ceil(costMs)} ms more, and ${costMsMax} ms is the bound (--max-cost-ms)`;
    }
    classCosts.set(hash.passwordClass, hash.costMs);
    return undefined;
  }

  async function saveBatch(batch: readonly Numbered[]): Promise<void> {
    if (batch.length === 0) return;
    const { added, knownEmails } = await db.transaction(async (tx) => {
      const users = batch.map(({ user }) => user);
      const ids = await insertUsers(tx, users);
      const event = { ...noOrigin, event: 'user.imported', outcome: 'success', actorId: null } as const;
      await insertAuditEventPerTarget(tx, { ...event, data: { via: 'pi' } }, ids);
      const emails = users.map(({ email }) => email);
      return { added: ids.length, knownEmails: await listKnownEmails(tx, emails) };
    });
    imported += added;
    const without = batch.filter(({ user }) => !knownEmails.has(user.email));
    for (const { line } of without) refuse(line, '/id is that of another account');
    known += batch.length - added - without.length;
    onProgress(result());
  }

  let batch: Numbered[] = [];
  for await (const { number: line, bytes } of readLines(source, lineBytesMax)) {
    if (bytes === 'too_long') {
      refuse(line, `is longer than ${lineBytesMax} bytes`);
      continue;
    }
    const read = readImportLine(bytes);
    const tooDear = read.kind === 'user' ? admitCost(read) : undefined;
    if (read.kind === 'refused') refuse(line, ...read.details);
    else if (tooDear !== undefined) refuse(line, tooDear);
    else batch.push({ line, user: read.user });
    if (batch.length === batchSize) {
      await saveBatch(batch);
      batch = [];
    }
  }
  await saveBatch(batch);
  return result();
}

function costOfClass(passwordClass: string): number {
  const scheme = findScheme(passwordClass);
  return scheme?.costMs(scheme.makeDecoy(passwordClass)) ?? 0;
}
