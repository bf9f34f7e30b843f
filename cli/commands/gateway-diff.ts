// `pi gateway diff OLD NEW`: what a change of the file means for requests. Exit code 1 when it lets in who did not get
// in before, so that a pipeline stops there.

import {
  type ConfigDiff,
  diffConfigs,
  type IssuerChange,
  type RouteChange,
  type ServiceChange,
} from '@pi-gateway/gateway/inspect/diff-configs.ts';
import { routeMethods } from '@pi-gateway/gateway/routing/route.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { readGatewayFile } from '../read-gateway-file.ts';

export function addGatewayDiff(parent: Command, io: Io): void {
  parent
    .command('diff')
    .description('tell what a change of the file means for requests; exit code 1 when something opens')
    .argument('<old>', 'the file as it is')
    .argument('<new>', 'the file as it shall be')
    .option('--strict', 'exit code 1 for any difference')
    .option('--json', 'answer as JSON')
    .action((old: string, changed: string, options: { strict?: true; json?: true }) => {
      const diff = diffConfigs(readGatewayFile(io, old), readGatewayFile(io, changed));
      printAnswer(io, { text: formatDiff(diff), json: diff }, options.json);
      if (diff.opens) throw new CliError(1, `${changed} lets in who did not get in before`);
      const isSame = diff.routes.length + diff.services.length + diff.issuers.length === 0;
      if (options.strict === true && !isSame) throw new CliError(1, `${changed} differs`);
    });
}

/** An exclamation mark where somebody gets in who did not. */
const words = {
  opened: '! OPENED',
  weaker: '! WEAKER',
  different: '! OTHER ACCESS',
  stronger: '  stronger',
  closed: '  closed',
  changed: '  changed',
} as const;

function formatDiff({ routes, services, issuers }: ConfigDiff): string {
  const lines = [
    ...routes.flatMap(formatRoute),
    ...services.flatMap(formatService),
    ...issuers.flatMap(formatIssuer),
  ];
  return lines.length === 0 ? 'no request is treated differently' : lines.join('\n');
}

function formatRoute({ kind, where, methods, before, after, settings, example }: RouteChange): string[] {
  return [
    `${words[kind]} ${where} [${methods.length === routeMethods.length ? 'all methods' : methods.join(' ')}]`,
    `      ${before} \u2192 ${after}`,
    ...formatSettings(settings),
    `      e.g. ${example}`,
  ];
}

function formatService({ service, settings }: ServiceChange): string[] {
  return [`  service ${service}`, ...formatSettings(settings)];
}

function formatIssuer({ issuer, settings }: IssuerChange): string[] {
  return [`! issuer ${issuer}`, ...formatSettings(settings)];
}

function formatSettings(settings: RouteChange['settings']): string[] {
  return Object.entries(settings).map(
    ([key, [before, after]]) => `      ${key}: ${JSON.stringify(before)} \u2192 ${JSON.stringify(after)}`,
  );
}
