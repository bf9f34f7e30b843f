-- ES256 keys. A key is published from created_at, signs from active_at until the next one does, and is
-- removed when the last token it signed has died.
create table signing_keys (
  kid text collate "C" primary key,
  public_jwk jsonb not null,
  -- nonce ‖ AES-256-GCM(PKCS #8) ‖ tag, under a key derived from the master key, the kid authenticated with it.
  private_sealed bytea not null,
  created_at timestamptz not null,
  active_at timestamptz not null
);

grant select, insert, delete on signing_keys to pi_app;
