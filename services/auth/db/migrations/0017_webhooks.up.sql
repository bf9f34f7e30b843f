-- Where audit events are sent on (docs/decisions/0016). The log itself is the queue: an endpoint keeps its place in it, and
-- a delivery is a row only from when the place has passed its event. What is sent is read from the log at that moment.
create table webhook_endpoints (
  id uuid primary key,
  url text not null,
  -- Names; null: every event.
  events text[],
  -- nonce ‖ AES-256-GCM(secret) ‖ tag, under a key derived from the master key, the id authenticated with it.
  secret_sealed bytea not null,
  -- Signs beside the new one until then.
  previous_sealed bytea,
  previous_until timestamptz,
  created_at timestamptz not null,
  -- Since when nothing but failures came of it; null: the last attempt succeeded, or there was none.
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_reason text check (disabled_reason in ('operator', 'gone', 'failing')),
  -- Every event up to this place of the log has its delivery, if the endpoint wants it.
  through_tx bigint not null,
  through_id uuid not null
);

-- The key makes it one delivery for an event and endpoint, whoever finds the event.
create table webhook_deliveries (
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  event_id uuid not null,
  state text not null check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  -- When it is tried next; while one process tries, when another may.
  due_at timestamptz not null,
  -- Delivered or given up.
  settled_at timestamptz,
  -- A status or a word of ours, nothing a receiver wrote.
  last_failure text,
  primary key (endpoint_id, event_id)
);

create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at) where state = 'pending';
create index webhook_deliveries_settled on webhook_deliveries (state, settled_at) where state <> 'pending';

grant select, insert, update, delete on webhook_endpoints, webhook_deliveries to pi_app;
