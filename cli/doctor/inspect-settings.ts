// Every setting of both services, read as they read it: a malformed one is named.

import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { readSettings, type SettingTable } from '@pi-gateway/env/settings.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

export function inspectSettings(io: Io): Finding[] {
  return [
    inspectTable(io, 'auth settings', authSettings),
    inspectTable(io, 'gateway settings', gatewaySettings),
  ];
}

function inspectTable(io: Io, part: string, table: SettingTable): Finding {
  try {
    readSettings(table, io.env);
    const given = Object.values(table).filter(({ name }) => io.env[name] || io.env[`${name}_FILE`]);
    const names = given.map(({ name }) => name).join(', ');
    return { part, state: 'ok', detail: names === '' ? 'all defaults' : `given: ${names}` };
  } catch (error) {
    return { part, state: 'fail', detail: (error as Error).message };
  }
}
