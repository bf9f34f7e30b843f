// The gateway as a process of its own: environment in, signals, exit code.

import { settleAfterStart } from '@pi-gateway/after-start/settle-after-start.ts';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { startGateway } from './app.ts';
import { readGatewayConfig } from './config.ts';
import { openGatewayDeps } from './deps.ts';

try {
  const config = readGatewayConfig(process.env);
  const log = createLog({ service: 'gateway', level: config.logLevel });
  const deps = await openGatewayDeps(config, { log });
  const gateway = await startGateway(config, deps);
  log.info({ url: gateway.url, metrics: gateway.metricsUrl }, 'the gateway listens');
  settleAfterStart();

  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1); // asked twice: at once
    isStopping = true;
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the gateway did not close in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => gateway.reload());
} catch (error) {
  const isOurs = error instanceof SettingError || error instanceof Error;
  process.stderr.write(`gateway: ${isOurs ? error.message : String(error)}\n`);
  process.exit(1);
}
