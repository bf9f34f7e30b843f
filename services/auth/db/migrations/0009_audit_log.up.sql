-- The audit log: append-only, partitioned by month, and apart from what tells of a person. An event commits to its
-- side row by a salted hash, so that the side row can go when a person is erased and the log still proves itself
-- (docs/explanation/audit-log.md). Ids carry the time (UUIDv7): they are the key of the partitions, too.

-- The instant inside a UUIDv7.
create function uuid_v7_at(id uuid) returns timestamptz
  language sql immutable strict parallel safe
  as $$ select from_micros(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint * 1000) $$;

-- No id of an instant at or after this one is lower.
create function uuid_v7_floor(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  as $$ select rpad(lpad(to_hex(micros(at) / 1000), 12, '0'), 32, '0')::uuid $$;

-- Where a transaction stands in the order of the log. A server that a dump was restored into counts its
-- transactions anew: the start of the service then replaces this function by one that goes on above the old count.
create function audit_tx(xid xid8) returns bigint
  language sql immutable strict parallel safe
  as $$ select xid::text::bigint + 0 $$;

alter table audit_events rename to audit_events_before;

create table audit_log (
  id uuid primary key,
  tx bigint not null default audit_tx(pg_current_xact_id()),
  at timestamptz not null,
  event text collate "C" not null,
  outcome text not null check (outcome in ('success', 'failure', 'denied')),
  actor_id uuid,
  target_id uuid,
  session_id uuid,
  request_id text collate "C",
  data jsonb not null,
  -- Of the side row; null: the event has none.
  personal_hash bytea check (length(personal_hash) = 32)
) partition by range (id);

create index audit_log_tx on audit_log (tx, id);
create index audit_log_event on audit_log (event, id);
create index audit_log_actor on audit_log (actor_id, id) where actor_id is not null;
create index audit_log_target on audit_log (target_id, id) where target_id is not null;

create table audit_personal (
  id uuid primary key,
  salt bytea not null check (length(salt) = 16),
  ip text collate "C",
  user_agent text,
  data jsonb
) partition by range (id);

create index audit_personal_ip on audit_personal (ip, id);
create index audit_personal_account on audit_personal ((data ->> 'account')) where data is not null;

-- For a clock that ran far ahead: an event without a month of its own is kept all the same.
create table audit_log_rest partition of audit_log default;
create table audit_personal_rest partition of audit_personal default;

-- Makes the partitions of one month and moves into them what had to wait in the rest.
create function audit_add_month(month timestamptz) returns void
  language plpgsql
  as $$
    declare
      first_id uuid := uuid_v7_floor(month);
      next_id uuid := uuid_v7_floor(date_trunc('month', month + interval '32 days', 'UTC'));
      parent text;
      child text;
    begin
      foreach parent in array array['audit_log', 'audit_personal'] loop
        child := parent || to_char(month at time zone 'UTC', '"_y"YYYY"m"MM');
        continue when to_regclass(child) is not null;
        execute format('lock table %I in access exclusive mode', parent || '_rest');
        execute format('create table %I (like %I including defaults including constraints)', child, parent);
        execute format('with moved as (delete from %I where id >= %L and id < %L returning *)
          insert into %I select * from moved', parent || '_rest', first_id, next_id, child);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
          parent, child, first_id, next_id);
      end loop;
    end
  $$;

-- Makes the months from the present one to `ahead` later ones, and those that events wait for in the rest.
create function audit_add_months(ahead integer) returns void
  language plpgsql
  as $$
    declare
      present timestamptz := date_trunc('month', clock_timestamp(), 'UTC');
      month timestamptz;
    begin
      for month in
        select present + make_interval(months => i) from generate_series(0, ahead) as i
        union
        select date_trunc('month', uuid_v7_at(id), 'UTC') from audit_log_rest
          where id < uuid_v7_floor(present + make_interval(months => ahead + 1))
        order by 1
      loop
        perform audit_add_month(date_trunc('month', month + interval '1 day', 'UTC'));
      end loop;
    end
  $$;

-- The same as services/auth/audit/personal-hash.ts; `data` is canonical JSON (RFC 8785) or null.
create function audit_personal_hash(salt bytea, ip text, user_agent text, data text) returns bytea
  language sql immutable parallel safe
  as $$
    select sha256(convert_to('pi-audit-personal/v1' || chr(10)
      || '{"data":' || coalesce(data, 'null') || ',"ip":' || coalesce(to_json(ip)::text, 'null')
      || ',"salt":"' || encode(salt, 'hex') || '","user_agent":' || coalesce(to_json(user_agent)::text, 'null')
      || '}', 'UTF8'))
  $$;

-- One event with its person, as it is read; and as a service of the version before writes it while both run.
create view audit_events as
  select log.id, log.at, log.event, log.outcome, log.actor_id, log.target_id, log.session_id, personal.ip,
    personal.user_agent, log.request_id, log.data || coalesce(personal.data, '{}') as data, log.tx
  from audit_log as log left join audit_personal as personal on personal.id = log.id;

create function audit_events_insert() returns trigger
  language plpgsql
  as $$
    declare
      salt bytea := uuid_send(gen_random_uuid());
      account text := '{"account":' || to_json(new.data ->> 'account')::text || '}';
      has_person boolean := coalesce(new.ip, new.user_agent, account) is not null;
    begin
      insert into audit_log
          (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
        values (new.id, new.at, new.event, new.outcome, new.actor_id, new.target_id, new.session_id,
          new.request_id, new.data - 'account',
          case when has_person then audit_personal_hash(salt, new.ip, new.user_agent, account) end);
      if has_person then
        insert into audit_personal values (new.id, salt, new.ip, new.user_agent, account::jsonb);
      end if;
      return new;
    end
  $$;

create trigger audit_events_insert instead of insert on audit_events
  for each row execute function audit_events_insert();

do $$
  declare
    month timestamptz;
  begin
    for month in select distinct date_trunc('month', uuid_v7_at(id), 'UTC') from audit_events_before order by 1 loop
      perform audit_add_month(month);
    end loop;
    perform audit_add_months(3);
  end
$$;

insert into audit_events
    (id, at, event, outcome, actor_id, target_id, session_id, ip, user_agent, request_id, data)
  select id, at, event, outcome, actor_id, target_id, session_id, ip, user_agent, request_id, data
  from audit_events_before order by id;

drop table audit_events_before;

-- Not `tx`: whoever writes cannot choose his place in the order.
grant insert (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
  on audit_log to pi_app;
grant select on audit_log to pi_app;
grant select, insert on audit_personal, audit_events to pi_app;
