// The settings of the auth service, read once into a frozen object, and what has to hold among them.

import { isLocalOrigin } from '@pi-gateway/env/local-origin.ts';
import { readSettings, SettingError, type Settings } from '@pi-gateway/env/settings.ts';
import { authSettings } from './auth-settings.ts';
import { leastMemoryKib } from './crypto/argon2-floor.ts';
import { countKeysMax } from './domain/decide-key-rotation.ts';

/** The settings with what the service cannot do without made certain. */
export type AuthConfig = Settings<typeof authSettings> & {
  readonly databaseUrl: string;
  readonly masterKey: Buffer;
  readonly publicUrl: string;
};

// What readers of a key set take (packages/access-token/jwks.ts).
const publishedKeysMax = 250;

/**
 * @throws {SettingError} one line that names the setting.
 */
export function readAuthConfig(env: Readonly<Record<string, string | undefined>>): AuthConfig {
  const settings = readSettings(authSettings, env);
  const { databaseUrl, masterKey, passwordHashMemoryKib, passwordHashPasses } = settings;
  if (databaseUrl === undefined) throw new SettingError('DATABASE_URL: must be set');
  if (/[?&]options=/.test(databaseUrl)) {
    throw new SettingError('DATABASE_URL: must not carry options; the service sets its own');
  }
  if (masterKey === undefined) {
    throw new SettingError('MASTER_KEY: must be set, e.g. from: openssl rand -hex 32');
  }
  if (passwordHashMemoryKib < leastMemoryKib(passwordHashPasses)) {
    throw new SettingError(
      `PASSWORD_HASH_MEMORY_KIB: must be at least ${leastMemoryKib(passwordHashPasses)} with PASSWORD_HASH_PASSES=${passwordHashPasses}`,
    );
  }
  const keysMax = countKeysMax({ ...settings, rotationSeconds: settings.signingKeyRotationSeconds });
  if (keysMax > publishedKeysMax) {
    throw new SettingError(
      `SIGNING_KEY_ROTATION_SECONDS: is too short for ACCESS_TOKEN_TTL_SECONDS=${settings.accessTokenTtlSeconds}: ${keysMax} keys would be published at once, and ${publishedKeysMax} may be`,
    );
  }
  const publicUrl = settings.publicUrl ?? `http://localhost:${settings.entryPort}`;
  if (settings.refreshCookie === 'on' && !keepsSecureCookies(publicUrl)) {
    throw new SettingError(
      `REFRESH_COOKIE: on needs an https PUBLIC_URL (got ${publicUrl}); browsers keep Secure cookies of https and of localhost only`,
    );
  }
  return Object.freeze({ ...settings, databaseUrl, masterKey, publicUrl });
}

function keepsSecureCookies(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'https:' || isLocalOrigin(publicUrl);
}
