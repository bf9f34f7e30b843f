// Fills an audit log for `bench/audit-pages.ts`: in bulk, by SQL, spread over two years of months and over the accounts as
// in life. Few accounts and one office's address make a large share of it, most make a handful, some kinds of events are
// in every second row and some in ten of ten millions; and a robot account with an address of its own never does what
// everybody else does most.

import type { Client } from 'pg';

export const months = 24;
const accounts = 50_000;

const accountId = (k: string) => `('019a0000-0000-7000-8000-' || lpad(to_hex(${k}), 12, '0'))::uuid`;
const textOfAccount = (k: number) => `019a0000-0000-7000-8000-${k.toString(16).padStart(12, '0')}`;
const robot = accounts + 1;

/** Values to filter by, and how often each is met. */
export const known = {
  busiestAccount: textOfAccount(0),
  rareAccount: textOfAccount(accounts - 7),
  robotAccount: textOfAccount(robot),
  unknownAccount: textOfAccount(accounts + 99),
  officeAddress: '192.0.2.1',
  robotAddress: '198.51.100.7',
  rareAddress: addressOfAccount(accounts - 7),
  unknownAddress: '203.0.113.250',
} as const;

function addressOfAccount(k: number): string {
  return `10.${k >> 16}.${(k >> 8) & 255}.${k & 255}`;
}

// Of one month; $1: its first instant, $2: rows, $3: rows of the months before.
const fillMonth = `
  with drawn as materialized (
    select i, $1::timestamptz + (i - random()) / $2::bigint * interval '28 days' as at,
      random() as kind, random() as place, random() < 0.03 as is_robot,
      floor(${accounts} * power(random(), 3))::int as account
    from generate_series(1, $2::bigint) as i
  ), born as materialized (
    select uuid_v7(at) as id, $3::bigint + i as tx, at,
      case when is_robot then case when kind < 0.5 then 'user.disabled' else 'user.enabled' end
        when kind < 0.62 then 'token.refreshed' when kind < 0.80 then 'login.succeeded'
        when kind < 0.89 then 'login.failed' when kind < 0.95 then 'logout'
        when kind < 0.97 then 'session.revoked' when kind < 0.985 then 'login.rate_limited'
        when kind < 0.995 then 'access.denied' when kind < 0.9995 then 'user.registered'
        when kind < 0.999999 then 'user.role_changed' else 'keys.revoked' end as event,
      case when is_robot then ${robot} else account end as actor, account, place, is_robot
    from drawn
  ), side as (
    insert into audit_personal (id, salt, ip, user_agent, data)
    select id, uuid_send(gen_random_uuid()),
      case when is_robot then '${known.robotAddress}' when place < 0.05 then '${known.officeAddress}'
        when place < 0.85 then format('10.%s.%s.%s', account >> 16, (account >> 8) & 255, account & 255)
        else format('172.%s.%s.%s', floor(place * 97)::int % 256, i_of(id, 0), i_of(id, 1)) end,
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', null
    from born
  )
  insert into audit_log (id, tx, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
  select id, tx, at, event, case when event in ('login.failed', 'login.rate_limited') then 'failure' else 'success' end,
    case when event in ('login.failed', 'login.rate_limited') then null else ${accountId('actor')} end,
    ${accountId('account')}, gen_random_uuid(), id::text, '{}', sha256(uuid_send(id))
  from born`;

/** Brings an empty, migrated database to `rows` events. On a connection of the schema's owner. */
export async function fillAuditLog(owner: Client, rows: number): Promise<void> {
  // Some byte of an id's random end.
  await owner.query(
    `create function pg_temp.i_of(id uuid, n int) returns int language sql immutable
      as $$ select get_byte(uuid_send(id), 14 + n) $$`,
  );
  await owner.query('set search_path = public, pg_temp');
  const { rows: indexes } = await owner.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid in ('audit_log'::regclass, 'audit_personal'::regclass) and not indisunique`,
  );
  for (const { name } of indexes) await owner.query(`drop index ${name}`);
  const perMonth = Math.ceil(rows / months);
  for (let i = 0; i < months; i++) {
    const { rows: found } = await owner.query<{ month: Date }>(
      `select date_trunc('month', now(), 'UTC') - make_interval(months => $1) as month`,
      [months - 1 - i],
    );
    const { month } = found[0]!;
    await owner.query('select audit_add_month($1)', [month]);
    await owner.query(fillMonth.replaceAll('i_of(', 'pg_temp.i_of('), [month, perMonth, i * perMonth]);
  }
  for (const { definition } of indexes) await owner.query(definition.replace(' ON ONLY ', ' ON '));
  await owner.query('vacuum (analyze) audit_log, audit_personal');
}
