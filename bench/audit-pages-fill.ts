// Fills an audit log for `bench/audit-pages.ts`: in bulk, by SQL, spread over two years of months, and so that logs of
// all sizes hold the same pages. What an event says follows a pattern of a few thousand rows that repeats itself from
// the newest event back: whatever filter is asked for, the first pages and windows of every log say the same. In it one
// account makes every seventh event, one office's address every fifth, and a robot account with an address of its own
// never does what everybody else does most. What is rare is the same forty events in every log, spread over its oldest
// year. All else, thousands of accounts with addresses of their own, only grows with the log.

import type { Client } from 'pg';

export const months = 24;
const accounts = 50_000;
const patternRows = 2000;
const rareMonths = 12;

const accountId = (k: string) => `('019a0000-0000-7000-8000-' || lpad(to_hex(${k}), 12, '0'))::uuid`;
const textOfAccount = (k: number) => `019a0000-0000-7000-8000-${k.toString(16).padStart(12, '0')}`;
const [busiest, robot, rare] = [0, accounts + 1, accounts + 2];

/** Values to filter by. */
export const known = {
  busiestAccount: textOfAccount(busiest),
  rareAccount: textOfAccount(rare),
  robotAccount: textOfAccount(robot),
  unknownAccount: textOfAccount(accounts + 99),
  officeAddress: '192.0.2.1',
  robotAddress: '198.51.100.7',
  rareAddress: '198.51.100.8',
  unknownAddress: '203.0.113.250',
} as const;

// The same in every database: drawn once, by the same seed. `place` 0: the account that is met most.
const makePattern = `
  create temp table pattern as
    select i, case when is_robot then case when kind < 0.5 then 'user.disabled' else 'user.enabled' end
        when kind < 0.60 then 'token.refreshed' when kind < 0.78 then 'login.succeeded'
        when kind < 0.88 then 'login.failed' when kind < 0.94 then 'logout'
        when kind < 0.96 then 'session.revoked' when kind < 0.975 then 'login.rate_limited'
        else 'access.denied' end as event,
      is_robot, is_busiest, is_office
    from (
      select i, random() as kind, random() < 0.1 as is_robot, random() < 0.15 as is_busiest,
        random() < 0.2 as is_office
      from generate_series(0, ${patternRows - 1}) as i order by i
    ) as drawn`;

// Of one month; $1: its first instant, $2: rows, $3: rows of the months before, $4: of all months, $5: rare ones.
const fillMonth = `
  with drawn as materialized (
    select $3::bigint + i as tx, $1::timestamptz + (i - 0.5::float8) / $2::bigint * interval '28 days' as at,
      $4::bigint - $3::bigint - i as back
    from generate_series(1, $2::bigint) as i
  ), usual as (
    select tx, at, event, case when is_robot then ${robot} when is_busiest then ${busiest} else other end as actor,
      case when is_busiest then ${busiest} else other end as account,
      case when is_robot then '${known.robotAddress}' when is_office then '${known.officeAddress}'
        else format('10.%s.%s.%s', other >> 16, (other >> 8) & 255, other & 255) end as ip
    from (select *, 1 + back * 7919 % ${accounts - 1} as other from drawn) as numbered
      join pattern on pattern.i = back % ${patternRows}
  ), rare as (
    select $3::bigint + i * $2::bigint / ($5::int + 1) as tx,
      $1::timestamptz + i * interval '28 days' / ($5::int + 1) as at,
      case when i = 1 then 'keys.revoked' else 'token.refreshed' end as event, ${rare} as actor,
      ${rare} as account, '${known.rareAddress}' as ip
    from generate_series(1, $5::int) as i
  ), born as materialized (
    select uuid_v7(at) as id, * from (select * from usual union all select * from rare) as merged
  ), side as (
    insert into audit_personal (id, salt, ip, user_agent, data)
    select id, uuid_send(gen_random_uuid()), ip,
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', null
    from born
  )
  insert into audit_log (id, tx, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
  select id, tx, at, event, case when event in ('login.failed', 'login.rate_limited') then 'failure' else 'success' end,
    case when event in ('login.failed', 'login.rate_limited') then null else ${accountId('actor')} end,
    ${accountId('account')}, gen_random_uuid(), id::text, '{}', sha256(uuid_send(id))
  from born`;

/** Brings an empty, migrated database to `rows` events and the rare ones. On a connection of the schema's owner. */
export async function fillAuditLog(owner: Client, rows: number): Promise<void> {
  const { rows: indexes } = await owner.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid in ('audit_log'::regclass, 'audit_personal'::regclass) and not indisunique`,
  );
  for (const { name } of indexes) await owner.query(`drop index ${name}`);
  await owner.query('select setseed(0.7)');
  await owner.query(makePattern);
  await owner.query('analyze pattern');
  const perMonth = Math.ceil(rows / months);
  for (let i = 0; i < months; i++) {
    const { rows: found } = await owner.query<{ month: Date }>(
      `select date_trunc('month', now(), 'UTC') - make_interval(months => $1) as month`,
      [months - 1 - i],
    );
    const { month } = found[0]!;
    await owner.query('select audit_add_month($1)', [month]);
    // Ten months with three of them, two with five: forty, of which one a month is of the rarest kind.
    const rareOnes = i < rareMonths ? (i < 10 ? 3 : 5) : 0;
    await owner.query(fillMonth, [month, perMonth, i * perMonth, months * perMonth, rareOnes]);
  }
  for (const { definition } of indexes) await owner.query(definition.replace(' ON ONLY ', ' ON '));
  await owner.query('vacuum (analyze) audit_log, audit_personal');
}
