-- The role stays: other databases of this server may use it.
drop function uuid_v7(timestamptz);
drop function from_micros(bigint);
drop function micros(timestamptz);
