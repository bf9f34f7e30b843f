// `pi gateway explain METHOD URL`: which route a request has and why, what is checked, where it goes.

import { describeRoute, describeService } from '@pi-gateway/gateway/inspect/describe-route.ts';
import { type Explanation, explainRequest } from '@pi-gateway/gateway/inspect/explain-request.ts';
import type { Route, RoutingConfig } from '@pi-gateway/gateway/routing/route.ts';
import { problems } from '@pi-gateway/problem/problems.ts';
import type { Command } from 'commander';
import { type Answer, type Io, printAnswer } from '../io.ts';
import { type AskedUrl, readAskedUrl, readHeader, readHost, readMethod } from '../read-asked-request.ts';
import { gatewayFileOf, readGatewayFile } from '../read-gateway-file.ts';

type Options = { file?: string; host?: string; header: string[]; json?: true };

export function addGatewayExplain(parent: Command, io: Io): void {
  parent
    .command('explain')
    .description('tell which route a request has and why, what is checked, and where it goes')
    .argument('<method>', 'GET, POST …', readMethod)
    .argument('<url>', 'a URL, or a path with --host', readAskedUrl)
    .option('--file <path>', 'the file; GATEWAY_CONFIG or gateway.yaml when not given')
    .option('--host <host>', 'the host that is asked for, when the URL is a path', readHost)
    .option(
      '--header <field>',
      'a header field, as in "x-version: 2"; may stand several times',
      readHeader,
      [],
    )
    .option('--json', 'answer as JSON')
    .action((method: string, url: AskedUrl, options: Options) => {
      const config = readGatewayFile(io, gatewayFileOf(io, options.file));
      const asked = {
        method,
        host: options.host ?? url.host ?? 'localhost',
        target: url.target,
        headers: options.header,
      };
      printAnswer(io, answerOf(config, explainRequest(config, asked)), options.json);
    });
}

const reasons = {
  host: 'its host is more specific',
  path: 'its path is more specific',
  method: 'it names the method',
  headers: 'it asks for more headers',
} as const;

function answerOf(config: RoutingConfig, found: Explanation): Answer {
  const at = (route: Route) => {
    const line = config.lines.get(route);
    return line === undefined ? `${route.label} (the gateway\u2019s own)` : `${route.label} in line ${line}`;
  };
  const named = (route: Route) => ({ route: route.label, line: config.lines.get(route) ?? null });
  switch (found.kind) {
    case 'no_path':
      return {
        text: `400 malformed_request: ${found.reason}`,
        json: { status: 400, code: 'malformed_request', reason: found.reason },
      };
    case 'gateway':
      return {
        text: `${found.path} is answered by the gateway itself`,
        json: { status: null, path: found.path, answered_by: 'gateway' },
      };
    case 'refused': {
      const { code, near, allow, path } = found;
      const { status } = problems[code];
      const why =
        near === undefined ? 'no route is for this host and path' : `the path is that of ${at(near)}`;
      const allowed = allow.length === 0 ? '' : `; allowed: ${allow.join(', ')}`;
      return {
        text: `${status} ${code}: ${why}${allowed}`,
        json: { status, code, path, near: near === undefined ? null : named(near), allow },
      };
    }
    case 'route': {
      const { route, over, path, target } = found;
      const settings = describeRoute(route);
      const service = config.services.get(route.service);
      const lines = [
        `route    ${at(route)}`,
        over === undefined
          ? 'because  no other route fits'
          : `because  ${reasons[over.by]} than that of ${at(over.route)}`,
        `path     ${path}`,
        ...checksOf(settings).map((check, i) => `${i === 0 ? 'checks   ' : '         '}${check}`),
        `goes to  ${route.service === '' ? 'the gateway itself' : `${route.service}: ${target}`}`,
        ...(service?.targets ?? []).map(({ origin }) => `         ${origin}`),
        ...(service?.identity === 'token' ? ['         which is told who calls by a signed token'] : []),
      ];
      const json = {
        ...named(route),
        over: over === undefined ? null : { ...named(over.route), by: over.by },
        path,
        settings,
        target,
        service: service === undefined ? null : describeService(service),
      };
      return { text: lines.join('\n'), json };
    }
    default:
      return found satisfies never;
  }
}

const notChecks = ['host', 'path', 'methods', 'headers', 'service', 'strip_prefix', 'rewrite'];

function checksOf(settings: ReturnType<typeof describeRoute>): string[] {
  return Object.entries(settings)
    .filter(([key, value]) => !notChecks.includes(key) && value !== null)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}
