// A database superuser changes the sealed log at a random place, a thousand times, in each way there is; a verification
// must find it and name the place, in the database and in an export alike. Each change is made in a transaction that is
// rolled back after the verification has looked at it from inside, so that all of them meet the same log.

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { type DigestedPart, digestEvents } from '@pi-gateway/auth/audit/digested-events.ts';
import {
  encodeEnd,
  encodeEventLine,
  encodeHead,
  encodeSealLine,
} from '@pi-gateway/auth/audit/export-lines.ts';
import type { LogPart } from '@pi-gateway/auth/audit/log-part.ts';
import { readExportLine, readHead } from '@pi-gateway/auth/audit/read-export.ts';
import { holdsEntry } from '@pi-gateway/auth/audit/seal-entries.ts';
import { exactTypes } from '@pi-gateway/auth/db/exact-types.ts';
import { type Snapshot, snapshotOn } from '@pi-gateway/auth/db/read-snapshot.ts';
import { type AnchorBook, keysOfAnchors, readAnchorBook } from '@pi-gateway/auth/proving/anchor-book.ts';
import type { Finding } from '@pi-gateway/auth/proving/finding.ts';
import { digestLog, readLog } from '@pi-gateway/auth/proving/read-log.ts';
import { trustKeys } from '@pi-gateway/auth/proving/trusted-keys.ts';
import { type Verified, verifyLog } from '@pi-gateway/auth/proving/verify-log.ts';
import { openAuditKeys } from '@pi-gateway/auth/sealing/audit-keys.ts';
import { listAuditKeys } from '@pi-gateway/auth/store/audit-keys.ts';
import { findLoggedEvent, isEventListed } from '@pi-gateway/auth/store/audit-reading.ts';
import { makeSealedLog, type SealedLog } from '@pi-gateway/auth/testing/sealed-log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Client } from 'pg';
import { readAnchorsFile } from '../../cli/audit/read-anchors-file.ts';
import { type Expected, type Row, type Tampering, tamperings } from './audit-tamperings.ts';

export type TamperOptions = {
  readonly trials: number;
  readonly rounds: number;
  readonly eventsPerRound: number;
};

/** Throws at the first change that is not found, or at a complaint about a log that nobody changed. */
export async function proveTamperingFound({ trials, rounds, eventsPerRound }: TamperOptions) {
  const log = await makeSealedLog();
  for (let round = 0; round < rounds; round++) {
    await log.write(eventsPerRound);
    await log.seal();
  }
  await log.write(5);
  const client = new Client({ connectionString: log.database.superuserUrl, types: exactTypes });
  await client.connect();
  const anchors = await readAnchorBook(readAnchorsFile(log.anchorsPath));
  const found: Record<string, number> = {};
  try {
    await client.query('begin');
    assert.equal((await verify(log, client, anchors, 'anchors')).finding, undefined);
    await client.query('rollback');
    for (let trial = 0; trial < trials; trial++) {
      const tampering = tamperings[trial % tamperings.length]!;
      await client.query('begin');
      const rows = await listRows(client);
      const expected = await tampering.tamper(client, rows);
      await check({ log, client, anchors, tampering, expected });
      await client.query('rollback');
      found[tampering.name] = (found[tampering.name] ?? 0) + 1;
    }
    await client.query('begin');
    const untouched = await verify(log, client, anchors, 'master key');
    assert.equal(untouched.finding, undefined);
    return { trials, events: untouched.events, seals: untouched.seals, found };
  } finally {
    await client.end();
    await log.close();
  }
}

type Trial = {
  readonly log: SealedLog;
  readonly client: Client;
  readonly anchors: AnchorBook;
  readonly tampering: Tampering;
  readonly expected: Expected;
};

async function check({ log, client, anchors, tampering, expected }: Trial): Promise<void> {
  const trust = Math.random() < 0.5 && tampering.needsMasterKey !== true ? 'anchors' : 'master key';
  const { finding } = await verify(log, client, anchors, trust);
  const told = JSON.stringify({ tampering: tampering.name, trust, expected, finding });
  assert.ok(finding !== undefined, `not found: ${told}`);
  assert.ok(names(finding, expected), `another place is named: ${told}`);
  const exported = await verifyExport(log, client, anchors);
  assert.deepEqual(
    [exported.finding?.kind, exported.finding?.event, exported.finding?.seal],
    [finding.kind, finding.event, finding.seal],
    `the export tells otherwise: ${told}`,
  );
}

function names(finding: Finding, { kinds, events, seals }: Expected): boolean {
  if (!kinds.includes(finding.kind)) return false;
  return events === undefined ? seals!.includes(finding.seal ?? -1) : events.includes(finding.event ?? '');
}

async function listRows(client: Client): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    `select id, tx, personal_hash is not null as "hasPerson" from audit_log
      where (tx, id) <= (select (statement::json ->> 'through_tx')::bigint, (statement::json ->> 'through_id')::uuid
        from audit_seals order by number desc limit 1) order by tx, id`,
  );
  return rows;
}

async function verify(
  log: SealedLog,
  client: Client,
  anchors: AnchorBook,
  trust: 'anchors' | 'master key',
): Promise<Verified> {
  const snapshot = snapshotOn(client);
  return verifyLog(digestLog(snapshot, { firstSeal: 1, lastSeal: undefined }), {
    ...whole,
    keys: trustKeys(
      trust === 'anchors' ? await anchoredKeys(snapshot, anchors) : await openedKeys(log, snapshot),
    ),
    anchors,
    whereabouts: {
      isInLog: async (id) => (await findLoggedEvent(snapshot, id)) !== undefined,
      isSealed: (id) => isEventListed(snapshot, id),
    },
  });
}

const whole = { drop: undefined, hasStart: true, hasEnd: true, onProgress: () => undefined };

async function anchoredKeys(snapshot: Snapshot, anchors: AnchorBook) {
  return keysOfAnchors(
    anchors,
    (await listAuditKeys(snapshot)).map(({ publicJwk }) => publicJwk),
  );
}

async function openedKeys(log: SealedLog, snapshot: Snapshot) {
  const opened = openAuditKeys(await listAuditKeys(snapshot), deriveSecret(log.masterKey, 'audit-seal/v1'));
  return new Map([...opened].map(([kid, { privateKey }]) => [kid, createPublicKey(privateKey)]));
}

/** The same log as the lines of an export, and with the keys that were exported before anything was changed. */
async function verifyExport(log: SealedLog, client: Client, anchors: AnchorBook): Promise<Verified> {
  const snapshot = snapshotOn(client);
  const keys = (await listAuditKeys(snapshot)).map(({ publicJwk }) => publicJwk);
  const lines = [encodeHead({ at: new Date().toISOString(), from: null, to: null, keys, drop: undefined })];
  let [events, seals] = [0, 0];
  for await (const part of readLog(snapshot, { firstSeal: 1, lastSeal: undefined })) {
    if (part.kind === 'seal') {
      lines.push(encodeSealLine(part.seal));
      seals++;
    } else {
      lines.push(...part.events.map(encodeEventLine));
      events += part.events.length;
    }
  }
  lines.push(encodeEnd({ at: new Date().toISOString(), events, seals }));
  const read = lines.map((line) => line.trimEnd());
  readHead(read[0]!);
  const parts = read.slice(1, -1).map((line) => readExportLine(line) as LogPart);
  return verifyLog(stream(parts), {
    ...whole,
    keys: trustKeys(await openedKeys(log, snapshot)),
    anchors,
    whereabouts: {
      isInLog: async (id) => parts.some((part) => part.kind === 'events' && part.events[0]?.id === id),
      isSealed: async (id) => parts.some((part) => part.kind === 'seal' && holdsEntry(part.seal.entries, id)),
    },
  });
}

async function* stream(parts: readonly LogPart[]): AsyncGenerator<DigestedPart> {
  for (const part of parts) {
    yield part.kind === 'seal' ? part : { kind: 'events', events: digestEvents(part.events) };
  }
}
