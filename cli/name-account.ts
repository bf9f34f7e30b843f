// How the services name an account in events: what an operator asked for by an address is recorded by it, too.

import { openAccountKey } from '@pi-gateway/auth/limits/account-key.ts';
import type { CliSettings } from './auth-settings.ts';
import { findMasterKey } from './read-master-key.ts';

/** `email` is canonical. Undefined when there is no master key here: nobody else knows the name. */
export function nameAccount(settings: CliSettings, email: string): string | undefined {
  const masterKey = findMasterKey(settings);
  return masterKey && openAccountKey(masterKey)(email);
}
