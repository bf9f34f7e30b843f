-- What gateways must refuse before a token expires by itself. Rows are only added, and removed once
-- no token they could hit is alive.
create table revocations (
  kind text not null check (kind in ('session', 'user')),
  id uuid not null,
  not_before timestamptz not null,
  until timestamptz not null,
  created_at timestamptz not null,
  primary key (kind, id, not_before)
);

create index revocations_created_at on revocations (created_at);
create index revocations_until on revocations (until);

grant select, insert, delete on revocations to pi_app;
