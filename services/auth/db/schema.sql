-- The whole schema on one page, out of db/migrations. Generated: UPDATE_SCHEMA=1 node --test services/auth/db/schema.test.ts

CREATE OR REPLACE FUNCTION public.audit_add_month(month timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
    declare
      first_id uuid := uuid_v7_floor(month);
      next_id uuid := uuid_v7_floor(date_trunc('month', month + interval '32 days', 'UTC'));
      parent text;
      child text;
    begin
      foreach parent in array array['audit_log', 'audit_personal'] loop
        child := parent || to_char(month at time zone 'UTC', '"_y"YYYY"m"MM');
        continue when to_regclass(child) is not null;
        execute format('lock table %I in access exclusive mode', parent || '_rest');
        execute format('create table %I (like %I including defaults including constraints)', child, parent);
        execute format('with moved as (delete from %I where id >= %L and id < %L returning *)
          insert into %I select * from moved', parent || '_rest', first_id, next_id, child);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
          parent, child, first_id, next_id);
      end loop;
    end
  $function$
;

CREATE OR REPLACE FUNCTION public.audit_add_months(ahead integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
    declare
      present timestamptz := date_trunc('month', clock_timestamp(), 'UTC');
      month timestamptz;
    begin
      for month in
        select present + make_interval(months => i) from generate_series(0, ahead) as i
        union
        select date_trunc('month', uuid_v7_at(id), 'UTC') from audit_log_rest
          where id < uuid_v7_floor(present + make_interval(months => ahead + 1))
        order by 1
      loop
        perform audit_add_month(date_trunc('month', month + interval '1 day', 'UTC'));
      end loop;
    end
  $function$
;

CREATE OR REPLACE FUNCTION public.audit_drop_before(before_id uuid)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
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
  $function$
;

CREATE OR REPLACE FUNCTION public.audit_events_insert()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    declare
      salt bytea := uuid_send(gen_random_uuid());
      account text := '{"account":' || to_json(new.data ->> 'account')::text || '}';
      has_person boolean := coalesce(new.ip, new.user_agent, account) is not null;
    begin
      insert into audit_log
          (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
        values (new.id, new.at, new.event, new.outcome, new.actor_id, new.target_id, new.session_id,
          new.request_id, new.data - 'account',
          case when has_person then audit_personal_hash(salt, new.ip, new.user_agent, account) end);
      if has_person then
        insert into audit_personal values (new.id, salt, new.ip, new.user_agent, account::jsonb);
      end if;
      return new;
    end
  $function$
;

CREATE OR REPLACE FUNCTION public.audit_personal_hash(salt bytea, ip text, user_agent text, data text)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    select sha256(convert_to('pi-audit-personal/v1' || chr(10)
      || '{"data":' || coalesce(data, 'null') || ',"ip":' || coalesce(to_json(ip)::text, 'null')
      || ',"salt":"' || encode(salt, 'hex') || '","user_agent":' || coalesce(to_json(user_agent)::text, 'null')
      || '}', 'UTF8'))
  $function$
;

CREATE OR REPLACE FUNCTION public.audit_tx(xid xid8)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select xid::text::bigint + 0 $function$
;

CREATE OR REPLACE FUNCTION public.from_micros(micros bigint)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select timestamptz 'epoch' + micros * interval '1 microsecond' $function$
;

CREATE OR REPLACE FUNCTION public.micros(at timestamp with time zone)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select (extract(epoch from at) * 1000000)::bigint $function$
;

CREATE OR REPLACE FUNCTION public.password_class(password_hash text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
    select case when password_hash like '$2%' then left(password_hash, 6)
      else regexp_replace(password_hash, '\$[^$]*\$[^$]*$', '') end
  $function$
;

CREATE OR REPLACE FUNCTION public.uuid_v7(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 STRICT
AS $function$
    select (lpad(to_hex(micros(at) / 1000), 12, '0') || '7'
      || lpad(to_hex(((micros(at) % 1000) * 4096 + 999) / 1000), 3, '0')
      || replace(substr(gen_random_uuid()::text, 20), '-', ''))::uuid
  $function$
;

CREATE OR REPLACE FUNCTION public.uuid_v7_at(id uuid)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select from_micros(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint * 1000) $function$
;

CREATE OR REPLACE FUNCTION public.uuid_v7_floor(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select rpad(lpad(to_hex(micros(at) / 1000), 12, '0'), 32, '0')::uuid $function$
;

create table audit_keys (
  kid text collate "C" not null,
  public_jwk jsonb not null,
  private_sealed bytea not null,
  created_at timestamp with time zone not null,
  constraint audit_keys_pkey PRIMARY KEY (kid)
);

create table audit_log (
  id uuid not null,
  tx bigint not null default audit_tx(pg_current_xact_id()),
  at timestamp with time zone not null,
  event text collate "C" not null,
  outcome text not null,
  actor_id uuid,
  target_id uuid,
  session_id uuid,
  request_id text collate "C",
  data jsonb not null,
  personal_hash bytea,
  constraint audit_log_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text, 'denied'::text]))),
  constraint audit_log_personal_hash_check CHECK ((length(personal_hash) = 32)),
  constraint audit_log_pkey PRIMARY KEY (id)
) partition by RANGE (id);

create table audit_personal (
  id uuid not null,
  salt bytea not null,
  ip text collate "C",
  user_agent text,
  data jsonb,
  constraint audit_personal_pkey PRIMARY KEY (id),
  constraint audit_personal_salt_check CHECK ((length(salt) = 16))
) partition by RANGE (id);

create table audit_seals (
  number bigint not null,
  statement text not null,
  signature bytea not null,
  entries bytea,
  constraint audit_seals_pkey PRIMARY KEY (number),
  constraint audit_seals_signature_check CHECK ((length(signature) = 64))
);

create table code_needed (
  migration text collate "C" not null,
  constraint code_needed_pkey PRIMARY KEY (migration)
);

create table known_networks (
  user_id uuid not null,
  network text collate "C" not null,
  last_used_at timestamp with time zone not null,
  constraint known_networks_pkey PRIMARY KEY (user_id, network),
  constraint known_networks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

create table pending_registrations (
  token_hash bytea not null,
  email text collate "C" not null,
  password_hash text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint pending_registrations_pkey PRIMARY KEY (token_hash),
  constraint pending_registrations_token_hash_check CHECK ((length(token_hash) = 32))
);

create table refusal_batches (
  id uuid not null,
  constraint refusal_batches_pkey PRIMARY KEY (id)
);

create table revocations (
  kind text not null,
  id uuid not null,
  not_before timestamp with time zone not null,
  until timestamp with time zone not null,
  created_at timestamp with time zone not null,
  constraint revocations_kind_check CHECK ((kind = ANY (ARRAY['session'::text, 'user'::text, 'key'::text]))),
  constraint revocations_pkey PRIMARY KEY (kind, id, not_before)
);

create table schema_migrations (
  name text collate "C" not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint schema_migrations_pkey PRIMARY KEY (name)
);

create table sessions (
  id uuid not null,
  user_id uuid not null,
  nonce_hash bytea not null,
  generation integer not null,
  rotated_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone not null,
  idle_expires_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  auth_time timestamp with time zone not null,
  revoked_at timestamp with time zone,
  revoke_reason text,
  ip text collate "C" not null,
  user_agent text,
  constraint sessions_generation_check CHECK ((generation > 0)),
  constraint sessions_nonce_hash_check CHECK ((length(nonce_hash) = 32)),
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

create table signing_keys (
  kid text collate "C" not null,
  public_jwk jsonb not null,
  private_sealed bytea not null,
  created_at timestamp with time zone not null,
  active_at timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (kid)
);

create table users (
  id uuid not null,
  email text collate "C" not null,
  password_hash text not null,
  role text not null,
  disabled_at timestamp with time zone,
  created_at timestamp with time zone not null,
  last_login_at timestamp with time zone,
  tokens_valid_after timestamp with time zone not null,
  constraint users_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254))),
  constraint users_email_key UNIQUE (email),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_role_check CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text])))
);

create table webhook_deliveries (
  endpoint_id uuid not null,
  event_id uuid not null,
  state text not null,
  attempts integer not null default 0,
  due_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  last_failure text,
  constraint webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
  constraint webhook_deliveries_pkey PRIMARY KEY (endpoint_id, event_id),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
);

create table webhook_endpoints (
  id uuid not null,
  url text not null,
  events text[],
  secret_sealed bytea not null,
  previous_sealed bytea,
  previous_until timestamp with time zone,
  created_at timestamp with time zone not null,
  failing_since timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_reason text,
  through_tx bigint not null,
  through_id uuid not null,
  constraint webhook_endpoints_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['operator'::text, 'gone'::text, 'failing'::text]))),
  constraint webhook_endpoints_pkey PRIMARY KEY (id)
);

create view audit_events as
 SELECT log.id,
    log.at,
    log.event,
    log.outcome,
    log.actor_id,
    log.target_id,
    log.session_id,
    personal.ip,
    personal.user_agent,
    log.request_id,
    (log.data || COALESCE(personal.data, '{}'::jsonb)) AS data,
    log.tx
   FROM (audit_log log
     LEFT JOIN audit_personal personal ON ((personal.id = log.id)));

CREATE TRIGGER audit_events_insert INSTEAD OF INSERT ON public.audit_events FOR EACH ROW EXECUTE FUNCTION audit_events_insert();

CREATE INDEX audit_log_actor ON ONLY public.audit_log USING btree (actor_id, id) WHERE (actor_id IS NOT NULL);

CREATE INDEX audit_log_event ON ONLY public.audit_log USING btree (event, id);

CREATE INDEX audit_log_target ON ONLY public.audit_log USING btree (target_id, id) WHERE (target_id IS NOT NULL);

CREATE INDEX audit_log_tx ON ONLY public.audit_log USING btree (tx, id);

CREATE INDEX audit_personal_account ON ONLY public.audit_personal USING btree (((data ->> 'account'::text))) WHERE (data IS NOT NULL);

CREATE INDEX audit_personal_ip ON ONLY public.audit_personal USING btree (ip, id);

CREATE INDEX audit_seals_special ON public.audit_seals USING btree (number) WHERE (((statement)::json ->> 'kind'::text) <> 'events'::text);

CREATE INDEX audit_seals_through ON public.audit_seals USING btree (((((statement)::json ->> 'through_tx'::text))::bigint), ((((statement)::json ->> 'through_id'::text))::uuid), number);

CREATE INDEX pending_registrations_expiry ON public.pending_registrations USING btree (expires_at);

CREATE INDEX revocations_created_at ON public.revocations USING btree (created_at);

CREATE INDEX revocations_until ON public.revocations USING btree (until);

CREATE INDEX sessions_end ON public.sessions USING btree (LEAST(revoked_at, idle_expires_at, expires_at));

CREATE INDEX sessions_living ON public.sessions USING btree (user_id, id) WHERE (revoked_at IS NULL);

CREATE INDEX users_living_admins ON public.users USING btree (id) WHERE ((role = 'admin'::text) AND (disabled_at IS NULL));

CREATE INDEX users_password_class ON public.users USING btree (password_class(password_hash) COLLATE "C");

CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (endpoint_id, due_at) WHERE (state = 'pending'::text);

CREATE INDEX webhook_deliveries_settled ON public.webhook_deliveries USING btree (state, settled_at) WHERE (state <> 'pending'::text);

grant insert, select on audit_events to pi_app;

grant insert, select on audit_keys to pi_app;

grant select on audit_log to pi_app;

grant insert, select on audit_personal to pi_app;

grant insert, select on audit_seals to pi_app;

grant delete, insert, select, update on known_networks to pi_app;

grant delete, insert, select, update on pending_registrations to pi_app;

grant delete, insert, select on refusal_batches to pi_app;

grant delete, insert, select on revocations to pi_app;

grant delete, insert, select, update on sessions to pi_app;

grant delete, insert, select on signing_keys to pi_app;

grant insert, select, update on users to pi_app;

grant delete, insert, select, update on webhook_deliveries to pi_app;

grant delete, insert, select, update on webhook_endpoints to pi_app;

grant insert (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash) on audit_log to pi_app;
