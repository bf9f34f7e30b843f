// The counters of failed logins, where the services count them together. Without Redis each run counts in its own
// memory, which no other process reaches: there an admin lifts a lock by the API.

import { createLimits, type Limits } from '@pi-gateway/auth/limits/login-limits.ts';
import { openLimiter } from '@pi-gateway/limiter/open-limiter.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import type { CliSettings } from './auth-settings.ts';
import { findMasterKey, readMasterKey } from './read-master-key.ts';

/** Whether they are within reach. */
export function canForgive(settings: CliSettings): boolean {
  return settings.redisUrl !== undefined && findMasterKey(settings) !== undefined;
}

/** `email` is canonical. Lifts the lock of too many failed logins. */
export async function forgiveFailures(settings: CliSettings, email: string): Promise<void> {
  if (!canForgive(settings)) return;
  const limits = await openLimits(settings);
  try {
    await limits.forgiveFailures(limits.accountKey(email));
  } finally {
    await limits.close();
  }
}

/** @throws {CliError} when there is no master key here: nobody else knows how an account is named there. */
export async function openLimits(
  settings: CliSettings,
): Promise<Pick<Limits, 'accountKey' | 'forgiveFailures'> & { close(): Promise<void> }> {
  const masterKey = readMasterKey(settings);
  const log = createLog({ service: 'pi', level: 'error' });
  const limiter = await openLimiter({ redisUrl: settings.redisUrl, log, localShare: 1 });
  return { ...createLimits(limiter, settings, masterKey), close: () => limiter.close() };
}
