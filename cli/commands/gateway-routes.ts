// `pi gateway routes [file]`: the whole table as it works, defaults filled in, in the order of precedence.

import { type ResolvedTable, resolveTable } from '@pi-gateway/gateway/inspect/resolve-table.ts';
import type { Command } from 'commander';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { gatewayFileOf, readGatewayFile } from '../read-gateway-file.ts';

export function addGatewayRoutes(parent: Command, io: Io): void {
  parent
    .command('routes')
    .description('show the resolved table of routes: the first row that fits a request is its route')
    .argument('[file]', 'the file; GATEWAY_CONFIG or gateway.yaml when not given')
    .option('--json', 'answer as JSON, with every setting')
    .action((file: string | undefined, options: { json?: true }) => {
      const table = resolveTable(readGatewayFile(io, gatewayFileOf(io, file)));
      printAnswer(io, { text: formatRoutes(table), json: table }, options.json);
    });
}

function formatRoutes({ gateway, routes, services }: ResolvedTable): string {
  const rows = routes.map((route) => ({
    line: show(route['line'] ?? '-'),
    host: show(route['host']),
    path: show(route['path']),
    methods: show(route['methods']),
    headers: show(route['headers']),
    access: show(route['access']),
    limits: [
      ...(route['rate_limit'] === null ? [] : [show(route['rate_limit'])]),
      `${show(route['body_limit_bytes'])} bytes`,
    ].join(', '),
    service: show(route['service'] ?? 'gateway'),
    'to path': show(route['rewrite'] ?? stripped(route)),
    targets: targetsOf(services, route['service']),
  }));
  return `${formatTable(rows, 'no routes')}\n\nanswered by the gateway itself: ${gateway.join(', ')}`;
}

function stripped(route: ResolvedTable['routes'][number]): string {
  const prefix = route['strip_prefix'];
  return typeof prefix === 'string' ? show(route['path']).slice(prefix.length) || '/' : '-';
}

function targetsOf(services: ResolvedTable['services'], name: unknown): string {
  const targets = typeof name === 'string' ? (services[name]?.targets ?? []) : [];
  const shown = targets.map(({ origin, weight }) => (weight === 1 ? origin : `${origin} \u00d7${weight}`));
  return shown.length === 0 ? '-' : shown.join(' ');
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([name, one]) => `${name}: ${String(one)}`);
  return pairs.length === 0 ? '-' : pairs.join(', ');
}
