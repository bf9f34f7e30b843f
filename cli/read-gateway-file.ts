// The gateway file of a command, read as a start would.

import { checkGatewayConfig } from '@pi-gateway/gateway/routing/check-config.ts';
import type { RoutingConfig } from '@pi-gateway/gateway/routing/route.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

/** The file that is meant when none is named. */
export function gatewayFileOf(io: Io, file: string | undefined): string {
  return file ?? (io.env['GATEWAY_CONFIG'] || 'gateway.yaml');
}

/** @throws {CliError} with every mistake, a line each. */
export function readGatewayFile(io: Io, path: string): RoutingConfig {
  const checked = checkGatewayConfig(path, io.env);
  if (checked.kind === 'valid') return checked.config;
  throw new CliError(3, `${path} is not valid\n${checked.errors.join('\n')}`);
}
