-- Refusals are written in batches, after their answers. Whoever does not learn whether a batch was written sends it
-- again: the ids of those written lately, so that each event is written once. UUIDv7: old ones are found by the key.
create table refusal_batches (
  id uuid primary key
);

grant select, insert, delete on refusal_batches to pi_app;
