// `pi gateway check [file]`: judges a gateway.yaml as a start or a reload would, without starting anything.

import { checkGatewayConfig } from '@pi-gateway/gateway/routing/check-config.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { counted } from '../counted.ts';
import { type Io, printAnswer } from '../io.ts';
import { gatewayFileOf } from '../read-gateway-file.ts';

export function addGatewayCheck(parent: Command, io: Io): void {
  parent
    .command('check')
    .description('tell whether a gateway file is valid, and what is wrong with line and column')
    .argument('[file]', 'the file; GATEWAY_CONFIG or gateway.yaml when not given')
    .option('--json', 'answer as JSON')
    .action((file: string | undefined, options: { json?: true }) => {
      const path = gatewayFileOf(io, file);
      const checked = checkGatewayConfig(path, io.env);
      if (checked.kind === 'valid') {
        const { services, routes } = checked.config;
        const text = `${path}: valid, ${counted(services.size, 'service')}, ${counted(routes.length, 'route')}`;
        const json = { path, valid: true, services: services.size, routes: routes.length, errors: [] };
        printAnswer(io, { text, json }, options.json);
        return;
      }
      const { errors } = checked;
      printAnswer(io, { text: errors.join('\n'), json: { path, valid: false, errors } }, options.json);
      throw new CliError(1, `${path} is not valid`);
    });
}
