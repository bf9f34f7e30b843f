// An audit log for tests and proofs: on a database of its own, written in bulk as the service writes it, sealed by the
// real sealer and anchored in a folder of its own.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { throwawayFolder } from '../../../launch/testing/throwaway-folder.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { prepareDatabase } from '../db/prepare-database.ts';
import { openAnchors } from '../sealing/anchors.ts';
import { openSealer } from '../sealing/sealer.ts';

export type SealedLog = {
  readonly database: TestDatabase;
  readonly db: Database;
  readonly superuser: Client;
  readonly masterKey: Buffer;
  /** As for the service: MASTER_KEY, DATABASE_URL and DATA_DIR. */
  readonly env: Readonly<Record<string, string>>;
  readonly anchorsPath: string;
  /** Events of many kinds, several in a transaction, most with a person. */
  write(count: number): Promise<void>;
  /** Until no event is without a seal. */
  seal(): Promise<void>;
  /** Once. */
  sealRound(): Promise<void>;
  ids(): Promise<string[]>;
  close(): Promise<void>;
};

// As the service writes them: refreshes and logins that say nothing more, failed logins with a reason and an account, now
// and then a change with what only it says, and text beyond ASCII.
const insert = `with born as (
    select uuid_v7(clock_timestamp()) as id, i, uuid_send(gen_random_uuid()) as salt, i % 20 as kind,
      case i % 20 when 8 then '{"account":"' || substr(md5((i % 1000)::text), 1, 22) || '"}' end as personal,
      '192.0.2.' || i % 250 as ip,
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' || case i % 20 when 9 then ' "é"' else '' end as agent
    from generate_series($1::int, $2::int) as i
  ), side as (
    insert into audit_personal select id, salt, ip, agent, personal::jsonb from born where kind <> 19
  )
  insert into audit_log (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
  select id, clock_timestamp(),
    case kind when 8 then 'login.failed' when 9 then 'user.role_changed' else 'token.refreshed' end, 'success',
    case when kind <> 8 then gen_random_uuid() end, gen_random_uuid(), gen_random_uuid(), gen_random_uuid()::text,
    case kind when 8 then '{"reason":"wrong_password"}'
      when 9 then jsonb_build_object('to', 'admin', 'from', 'user', 'n', i, 'é', '[2.5,{"z":null}]'::jsonb)
      else '{}' end,
    case when kind <> 19 then audit_personal_hash(salt, ip, agent, personal) end
  from born order by id`;

export async function makeSealedLog({ anchored = true } = {}): Promise<SealedLog> {
  const database = await createTestDatabase();
  const log = createLog({ service: 'test', level: 'silent' });
  await prepareDatabase({ ownerUrl: database.url, servingUrl: database.url, log });
  const db = openDatabase({ url: database.url, poolMax: 2, log });
  const superuser = new Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  const masterKey = randomBytes(32);
  const dataDir = throwawayFolder();
  const anchorsPath = join(dataDir, 'audit-anchors.ndjson');
  const sealer = await openSealer({
    db,
    sealKey: deriveSecret(masterKey, 'audit-seal/v1'),
    anchors: openAnchors({ path: anchored ? anchorsPath : join(dataDir, 'elsewhere'), log, everyMs: 0 }),
    log,
    afterSeconds: 0,
  });
  let written = 0;

  async function countUnsealed(): Promise<number> {
    const { rows } = await superuser.query<{ count: number }>(
      `select count(*)::int as count from audit_log where (tx, id) > (
        select coalesce(max((statement::json ->> 'through_tx')::bigint), 0),
          coalesce(max(statement::json ->> 'through_id'), '00000000-0000-0000-0000-000000000000')::uuid
        from audit_seals where number = (select max(number) from audit_seals))`,
    );
    return rows[0]!.count;
  }

  return {
    database,
    db,
    superuser,
    masterKey,
    env: { DATABASE_URL: database.url, MASTER_KEY: masterKey.toString('hex'), DATA_DIR: dataDir },
    anchorsPath,
    async write(count) {
      const perTransaction = count > 10_000 ? 5000 : 7;
      for (const end = written + count; written < end; ) {
        const next = Math.min(written + perTransaction, end);
        await superuser.query(insert, [written + 1, next]);
        written = next;
      }
    },
    async seal() {
      const deadline = performance.now() + 120_000;
      while ((await countUnsealed()) > 0) {
        assert.ok(performance.now() < deadline, 'events stay unsealed');
        await sealer.round();
        // The server's own work (autovacuum) may hold the horizon back for a moment.
        await delay(1);
      }
    },
    sealRound: () => sealer.round(),
    async ids() {
      const { rows } = await superuser.query<{ id: string }>('select id from audit_log order by tx, id');
      return rows.map(({ id }) => id);
    },
    async close() {
      await sealer.close();
      await superuser.end();
      await db.close();
    },
  };
}
