// The gateway's file, judged as a start would.

import { checkGatewayConfig } from '@pi-gateway/gateway/routing/check-config.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

export function inspectGatewayFile(io: Io): Finding {
  const path = io.env['GATEWAY_CONFIG'] || 'gateway.yaml';
  const checked = checkGatewayConfig(path, io.env);
  if (checked.kind === 'valid') {
    return { part: path, state: 'ok', detail: `${checked.config.routes.length} routes` };
  }
  return { part: path, state: 'fail', detail: checked.errors[0] ?? 'not valid' };
}
