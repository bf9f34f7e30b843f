-- Append-only: the application may add and read, never change or remove. Ids carry the time of the event
-- (UUIDv7), so that an index that ends in the id serves both the order and a span of time.
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

create index audit_events_event on audit_events (event, id);
create index audit_events_actor on audit_events (actor_id, id) where actor_id is not null;
create index audit_events_target on audit_events (target_id, id) where target_id is not null;
create index audit_events_ip on audit_events (ip, id);

grant select, insert on audit_events to pi_app;
