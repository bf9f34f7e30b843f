-- A signing key can be withdrawn: its kid is a UUIDv7 like the ids of sessions and users.
alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check check (kind in ('session', 'user', 'key'));
