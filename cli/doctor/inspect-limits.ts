// The limits on guessing and registering: one that is off is told.

import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { readRedisUrl } from '../auth-settings.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'limits';

/** Nothing when a setting is malformed, which another finding names. */
export function inspectLimits(io: Io): Finding[] {
  try {
    const settings = readSettings(authSettings, io.env);
    const rates = {
      [authSettings.rateLimitLoginPerIp.name]: settings.rateLimitLoginPerIp,
      [authSettings.rateLimitLoginPerAccount.name]: settings.rateLimitLoginPerAccount,
      [authSettings.rateLimitRegisterPerIp.name]: settings.rateLimitRegisterPerIp,
    };
    const off = Object.entries(rates).flatMap(([name, rate]) => (rate === 'off' ? [name] : []));
    if (off.length > 0) {
      return [{ part, state: 'warn', detail: `${off.join(', ')}: off; nothing holds back guessing there` }];
    }
    const told = Object.entries(rates).map(([name, rate]) =>
      rate === 'off' ? name : `${name}=${rate.count}/${rate.periodSeconds}`,
    );
    const counted =
      readRedisUrl(io) === undefined ? 'counted by each process alone (no REDIS_URL)' : 'shared by Redis';
    return [{ part, state: 'ok', detail: `${told.join(', ')}; ${counted}` }];
  } catch {
    return [];
  }
}
