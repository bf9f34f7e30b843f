-- What proves the audit log: batches of events are sealed by signed statements, each of which holds the one before
-- (docs/reference/audit-seals.md). Rows are only added; the owner removes those of months that retention dropped.

-- ES256 keys that sign nothing else. The newest one signs; the others stay, since what they signed stays.
create table audit_keys (
  kid text collate "C" primary key,
  public_jwk jsonb not null,
  -- nonce ‖ AES-256-GCM(PKCS #8) ‖ tag, under a key derived from the master key, the kid authenticated with it.
  private_sealed bytea not null,
  created_at timestamptz not null
);

create table audit_seals (
  number bigint primary key,
  -- Canonical JSON, exactly as it was signed.
  statement text not null,
  signature bytea not null check (length(signature) = 64),
  -- Of each event its id and the hash of its leaf, in order; null: the seal is of no events.
  entries bytea
);

alter table audit_seals alter column entries set storage external;

-- To find the seal that holds an event.
create index audit_seals_through on audit_seals
  (((statement::json ->> 'through_tx')::bigint), ((statement::json ->> 'through_id')::uuid), number);
create index audit_seals_special on audit_seals (number) where (statement::json ->> 'kind') <> 'events';

grant select, insert on audit_keys, audit_seals to pi_app;
