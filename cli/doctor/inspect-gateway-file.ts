// The gateway's file, judged as a start would.

import { checkGatewayConfig } from '@pi-gateway/gateway/routing/check-config.ts';
import { counted } from '../counted.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

export function inspectGatewayFile({ env }: Pick<Io, 'env'>): Finding {
  const path = env['GATEWAY_CONFIG'] || 'gateway.yaml';
  const checked = checkGatewayConfig(path, env);
  if (checked.kind === 'valid') {
    return { part: path, state: 'ok', detail: counted(checked.config.routes.length, 'route') };
  }
  return { part: path, state: 'fail', detail: checked.errors[0] ?? 'not valid' };
}
