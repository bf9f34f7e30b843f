-- What a password hash costs to verify is told by what stands before its salt: its class. Every login verifies
-- one hash of each class that any account has, so that the time tells nothing (crypto/password-hash.ts).
create function password_class(password_hash text) returns text
  language sql immutable strict parallel safe
  as $$
    select case when password_hash like '$2%' then left(password_hash, 6)
      else regexp_replace(password_hash, '\$[^$]*\$[^$]*$', '') end
  $$;

create index users_password_class on users (password_class(password_hash) collate "C");
