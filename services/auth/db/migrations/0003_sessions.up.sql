-- One row per session and none per token: a refresh changes the row (domain/decide-refresh.ts).
create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  -- SHA-256 of the nonce inside every refresh token of the session; the nonce itself is nowhere.
  nonce_hash bytea not null check (length(nonce_hash) = 32),
  generation integer not null check (generation > 0),
  rotated_at timestamptz not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  auth_time timestamptz not null,
  revoked_at timestamptz,
  revoke_reason text,
  ip text collate "C" not null,
  user_agent text
);

create index sessions_living on sessions (user_id, id) where revoked_at is null;
-- For the cleaner: when a session ended, or will end by itself.
create index sessions_end on sessions (least(revoked_at, idle_expires_at, expires_at));

grant select, insert, update, delete on sessions to pi_app;
