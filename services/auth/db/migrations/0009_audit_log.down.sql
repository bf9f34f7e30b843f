-- What the seals proved is lost; the events stay.
alter view audit_events rename to audit_events_after;

create table audit_events (
  id uuid primary key,
  at timestamptz not null,
  event text collate "C" not null,
  outcome text not null check (outcome in ('success', 'failure', 'denied')),
  actor_id uuid,
  target_id uuid,
  session_id uuid,
  ip text collate "C",
  user_agent text,
  request_id text collate "C",
  data jsonb not null
);

insert into audit_events
  select id, at, event, outcome, actor_id, target_id, session_id, ip, user_agent, request_id, data
  from audit_events_after;

create index audit_events_event on audit_events (event, id);
create index audit_events_actor on audit_events (actor_id, id) where actor_id is not null;
create index audit_events_target on audit_events (target_id, id) where target_id is not null;
create index audit_events_ip on audit_events (ip, id);

drop view audit_events_after;
drop function audit_events_insert();
drop table audit_log, audit_personal;
drop function audit_personal_hash(bytea, text, text, text);
drop function audit_add_months(integer);
drop function audit_add_month(timestamptz);
drop function audit_tx(xid8);
drop function uuid_v7_floor(timestamptz);
drop function uuid_v7_at(uuid);

grant select, insert on audit_events to pi_app;
