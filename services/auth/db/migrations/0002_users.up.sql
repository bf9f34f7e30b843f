create table users (
  id uuid primary key,
  -- Canonical (domain/canonical-email.ts): two spellings of one address are one text.
  email text collate "C" not null unique check (length(email) between 3 and 254),
  password_hash text not null,
  role text not null check (role in ('user', 'admin')),
  disabled_at timestamptz,
  created_at timestamptz not null,
  last_login_at timestamptz,
  -- Access tokens issued at this instant or before are dead.
  tokens_valid_after timestamptz not null
);

create index users_living_admins on users (id) where role = 'admin' and disabled_at is null;

-- Networks an account has signed in from: they may still try when an account is under attack.
create table known_networks (
  user_id uuid not null references users on delete cascade,
  network text collate "C" not null,
  last_used_at timestamptz not null,
  primary key (user_id, network)
);

-- Mode `verified` only: accounts that wait for the mail to be answered. The token itself is in the mail alone.
create table pending_registrations (
  token_hash bytea primary key check (length(token_hash) = 32),
  email text collate "C" not null,
  password_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index pending_registrations_expiry on pending_registrations (expires_at);

grant select, insert, update on users to pi_app;
grant select, insert, update, delete on known_networks, pending_registrations to pi_app;
