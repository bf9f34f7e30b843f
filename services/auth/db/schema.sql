-- The whole schema on one page, out of db/migrations. Generated: UPDATE_SCHEMA=1 node --test services/auth/db/schema.test.ts

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

create table audit_events (
  id uuid not null,
  at timestamp with time zone not null,
  event text collate "C" not null,
  outcome text not null,
  actor_id uuid,
  target_id uuid,
  session_id uuid,
  ip text collate "C",
  user_agent text,
  request_id text collate "C",
  data jsonb not null,
  constraint audit_events_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text, 'denied'::text]))),
  constraint audit_events_pkey PRIMARY KEY (id)
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

CREATE INDEX audit_events_actor ON public.audit_events USING btree (actor_id, id) WHERE (actor_id IS NOT NULL);

CREATE INDEX audit_events_event ON public.audit_events USING btree (event, id);

CREATE INDEX audit_events_ip ON public.audit_events USING btree (ip, id);

CREATE INDEX audit_events_target ON public.audit_events USING btree (target_id, id) WHERE (target_id IS NOT NULL);

CREATE INDEX pending_registrations_expiry ON public.pending_registrations USING btree (expires_at);

CREATE INDEX revocations_created_at ON public.revocations USING btree (created_at);

CREATE INDEX revocations_until ON public.revocations USING btree (until);

CREATE INDEX sessions_end ON public.sessions USING btree (LEAST(revoked_at, idle_expires_at, expires_at));

CREATE INDEX sessions_living ON public.sessions USING btree (user_id, id) WHERE (revoked_at IS NULL);

CREATE INDEX users_living_admins ON public.users USING btree (id) WHERE ((role = 'admin'::text) AND (disabled_at IS NULL));

CREATE INDEX users_password_class ON public.users USING btree (password_class(password_hash) COLLATE "C");

grant insert, select on audit_events to pi_app;

grant delete, insert, select, update on known_networks to pi_app;

grant delete, insert, select, update on pending_registrations to pi_app;

grant delete, insert, select on revocations to pi_app;

grant delete, insert, select, update on sessions to pi_app;

grant delete, insert, select on signing_keys to pi_app;

grant insert, select, update on users to pi_app;
