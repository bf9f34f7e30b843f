// Lifts the lock of too many failed logins where the services count them together. Without Redis each run counts
// in its own memory, which no other process reaches: there an admin lifts it by the API.

import { createLimits } from '@pi-gateway/auth/limits/login-limits.ts';
import { openLimiter } from '@pi-gateway/limiter/open-limiter.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import type { CliSettings } from './auth-settings.ts';
import { findMasterKey } from './read-master-key.ts';

/** `email` is canonical. */
export async function forgiveFailures(settings: CliSettings, email: string): Promise<void> {
  const masterKey = findMasterKey(settings);
  if (settings.redisUrl === undefined || masterKey === undefined) return;
  const log = createLog({ service: 'pi', level: 'error' });
  const limiter = await openLimiter({ redisUrl: settings.redisUrl, log, localShare: 1 });
  try {
    const limits = createLimits(limiter, settings, masterKey);
    await limits.forgiveFailures(limits.accountKey(email));
  } finally {
    await limiter.close();
  }
}
