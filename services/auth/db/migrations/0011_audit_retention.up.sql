-- Retention drops whole months of the audit log at once. The signed seal that states it is made by the service
-- (services/auth/sealing/drop-months.ts) in the same transaction; the owner of the schema alone can run this.

-- `before_id`: the lowest id of a month. Returns how many events were removed.
create function audit_drop_before(before_id uuid) returns bigint
  language plpgsql
  as $$
    declare
      parent text;
      child text;
      events bigint;
    begin
      select count(*) into events from audit_log where id < before_id;
      foreach parent in array array['audit_log', 'audit_personal'] loop
        for child in
          select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
          where inhparent = parent::regclass and relname ~ ('^' || parent || '_y\d{4}m\d{2}$')
            and uuid_v7_floor((to_date(right(relname, 7), 'YYYY"m"MM') + interval '1 month') at time zone 'UTC')
              <= before_id
          order by relname
        loop
          execute format('drop table %I', child);
        end loop;
        execute format('delete from %I where id < %L', parent || '_rest', before_id);
      end loop;
      return events;
    end
  $$;
