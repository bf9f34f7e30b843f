import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { uuidV7Floor } from '@pi-gateway/uuid/uuid-v7.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import type { AuditFilter } from './audit-events.ts';
import { listAuditEvents, searchAuditEvents } from './audit-search.ts';

let db: Database;
const ids = ['1', '2', '3'].map((digit) => `019a0000-0000-7000-8000-00000000000${digit}`);
const none: AuditFilter = {
  event: undefined,
  actorId: undefined,
  targetId: undefined,
  ip: undefined,
  fromId: undefined,
  untilId: undefined,
};

/** By plain reasoning over everything there is. */
let everything: {
  id: string;
  event: string;
  actor: string | null;
  target: string | null;
  ip: string | null;
}[];

before(async () => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  db = openDatabase({
    url,
    poolMax: 2,
    log: createLog({ service: 'test', level: 'silent' }),
    deadlineMs: 20_000,
  });
  await db.query({
    name: 'test-fill',
    text: `insert into audit_events (id, at, event, outcome, actor_id, target_id, ip, data)
      select uuid_v7(at), at, case when i % 7 = 0 then 'logout' when i = 2000 then 'keys.revoked' else 'token.refreshed' end,
        'success', ($1::uuid[])[1 + i % 3], ($1::uuid[])[1 + (i / 2) % 3],
        case when i % 5 > 0 then '192.0.2.' || i % 2 end, '{}'
      from (select i, now() - i * interval '20 minutes' as at from generate_series(1, 3000) as i) as timed`,
    values: [ids],
  });
  everything = await db.query({
    name: 'test-everything',
    text: `select id, event, actor_id as actor, target_id as target, ip from audit_events order by id desc`,
    values: [],
  });
});

const expect = (filter: AuditFilter) =>
  everything
    .filter(
      (row) =>
        (filter.event === undefined || row.event === filter.event) &&
        (filter.actorId === undefined || row.actor === filter.actorId) &&
        (filter.targetId === undefined || row.target === filter.targetId) &&
        (filter.ip === undefined || row.ip === filter.ip) &&
        (filter.fromId === undefined || row.id >= filter.fromId) &&
        (filter.untilId === undefined || row.id < filter.untilId),
    )
    .map(({ id }) => id);

test('every combination of filters gives exactly what it names, page after page, whatever the size', async () => {
  const days = (count: number) => uuidV7Floor((Date.now() - count * 86_400_000) * 1000);
  const choices: Partial<AuditFilter>[][] = [
    [{}, { event: 'logout' }, { event: 'keys.revoked' }, { event: 'users.exported' }],
    [{}, { actorId: ids[0]! }, { actorId: '019a0000-0000-7000-8000-00000000000f' }],
    [{}, { targetId: ids[1]! }],
    [{}, { ip: '192.0.2.1' }],
    [{}, { fromId: days(30), untilId: days(3) }],
  ];
  const filters = choices.reduce<AuditFilter[]>(
    (all, some) => all.flatMap((filter) => some.map((one) => ({ ...filter, ...one }))),
    [none],
  );
  assert.equal(filters.length, 96);
  for (const [i, filter] of filters.entries()) {
    const found: string[] = [];
    const limit = [200, 50, 7][i % 3]!;
    for (let beforeId: string | undefined, pages = 0; pages < 1000; pages++) {
      const { rows, resumeId } = await searchAuditEvents(db, filter, beforeId, limit);
      assert.ok(rows.length <= limit);
      found.push(...rows.map(({ id }) => id));
      if (resumeId === undefined) break;
      beforeId = resumeId;
    }
    assert.deepEqual(found, expect(filter), JSON.stringify(filter));
  }
});

test('who has time gets as many as there are, though none stand in the first windows', async () => {
  const filter = { ...none, event: 'keys.revoked', actorId: ids[2000 % 3]! } as const;
  assert.equal(expect(filter).length, 1);
  const rows = await listAuditEvents(db, filter, undefined, 10);
  assert.deepEqual(
    rows.map(({ id }) => id),
    expect(filter),
  );
  const logouts = { ...none, event: 'logout', actorId: ids[1]! } as const;
  const many = await listAuditEvents(db, logouts, undefined, 1000);
  assert.deepEqual(
    many.map(({ id }) => id),
    expect(logouts),
  );
});

test('a page of filters that never meet is short and tells where to go on, or that there is no more', async () => {
  const apart = { ...none, event: 'token.refreshed', ip: '203.0.113.9' } as const;
  assert.deepEqual(await searchAuditEvents(db, apart, undefined, 50), { rows: [], resumeId: undefined });
  const frequent = { ...none, actorId: ids[0]!, targetId: ids[2]!, event: 'users.exported' } as const;
  assert.deepEqual(await searchAuditEvents(db, frequent, undefined, 50), { rows: [], resumeId: undefined });
});
