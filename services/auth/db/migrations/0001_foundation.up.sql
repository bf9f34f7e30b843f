-- The application's role and the two functions that every table uses.
-- Roles belong to the whole server: another database may have made this one already, or be making it now.
do $$
begin
  if not exists (select from pg_roles where rolname = 'pi_app') then
    create role pi_app nologin;
  end if;
exception when duplicate_object or unique_violation then
  null;
end $$;

-- Whoever migrates may also serve: the service connects and then takes the role (startup option role=pi_app).
-- Since PostgreSQL 16 the maker of a role may grant it but not take it.
do $$
begin
  set local role pi_app;
  reset role;
exception when insufficient_privilege then
  execute format('grant pi_app to %I', session_user);
end $$;

-- Microseconds since the epoch: exact in a JavaScript number until the year 2255.
create function micros(at timestamptz) returns bigint
  language sql immutable strict parallel safe
  as $$ select (extract(epoch from at) * 1000000)::bigint $$;

create function from_micros(micros bigint) returns timestamptz
  language sql immutable strict parallel safe
  as $$ select timestamptz 'epoch' + micros * interval '1 microsecond' $$;

-- UUIDv7 for an instant (RFC 9562 section 5.7; section 6.2 method 3), the same form as packages/uuid makes.
create function uuid_v7(at timestamptz) returns uuid
  language sql volatile strict
  as $$
    select (lpad(to_hex(micros(at) / 1000), 12, '0') || '7'
      || lpad(to_hex(((micros(at) % 1000) * 4096 + 999) / 1000), 3, '0')
      || replace(substr(gen_random_uuid()::text, 20), '-', ''))::uuid
  $$;
