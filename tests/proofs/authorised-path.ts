// The path that is authorised is, byte for byte, the path that the service receives: tens of thousands of hostile
// targets, each sent raw to both doors, by nobody, by a user and by an admin. For each the decision is worked out a second
// time (by what `pi gateway explain` uses, which sees the target alone): nothing may reach the service that this would have
// refused, nothing be judged by another route, and what was received must be judged by that very route again.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Explanation, explainRequest } from '@pi-gateway/gateway/inspect/explain-request.ts';
import { readCanonicalPath } from '@pi-gateway/gateway/routing/canonical-path.ts';
import { loadConfig } from '@pi-gateway/gateway/routing/load-config.ts';
import type { Access, RoutingConfig } from '@pi-gateway/gateway/routing/route.ts';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { problems } from '@pi-gateway/problem/problems.ts';
import fc from 'fast-check';
import { changedTargets, disguises } from '../security/disguises.ts';
import { guardedRoutes, readLeniently, type Sent, targets } from '../security/hostile-targets.ts';
import { type Edge, startEdge } from '../security/start-edge.ts';

export type PathOptions = {
  /** Beside the hand-made ones. */
  readonly generated: number;
  /** Of the hand-made ones every so-many-th; a prime leaves none of their parts out. */
  readonly everyDisguise: number;
  readonly seed: number;
};

const guarded = `
  - { path: /in/*, service: up }
  - { path: /in/admin/*, service: up, access: { roles: [admin] } }
  - { path: "/in/{id}/own", service: up, access: { roles: [user, admin] } }
  - { path: /in/open, methods: [POST], service: up, access: public }
  - { host: a.test, path: /in/*, service: up, access: { roles: [admin] } }
`;
const callers = ['nobody', 'user', 'admin'] as const;
type Caller = (typeof callers)[number];
const methods = ['GET', 'POST'] as const;
const atOnce = 16;
const absolute = /^https?:\/\/[^/?#\\]*/i;

type Asked = Sent & { readonly method: (typeof methods)[number]; readonly caller: Caller };
/** Status 0: closed without an answer, as nginx does where a status could be taken for something else. */
type Outcome = { readonly status: number; readonly id: string; readonly received: string | undefined };

/** What is forwarded by no route that changes paths. */
const receivedOf = (label: string, path: string) => (targets[label] ?? ((same: string) => same))(path);

export async function proveAuthorisedPath({ generated, everyDisguise, seed }: PathOptions) {
  const received = new Map<string, string>();
  let arrived = 0;
  const edge = await startEdge((origin) => guardedRoutes(origin, guarded));
  edge.upstream.respond = ({ requestLine, fields }) => {
    arrived += 1;
    received.set(fields.find(([name]) => name === 'x-request-id')?.[1] ?? '', requestLine.split(' ')[1]!);
    edge.upstream.requests.length = 0;
    edge.upstream.received = '';
    return 'HTTP/1.1 200 OK\r\nx-from: service\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok';
  };
  try {
    const config = read(guardedRoutes(edge.upstream.origin, guarded));
    const tokens = {
      nobody: undefined,
      user: await edge.t.auth.token({ role: 'user', lifeSeconds: 3600 }),
      admin: await edge.t.auth.token({ role: 'admin', lifeSeconds: 3600 }),
    };
    const handMade = disguises().filter((_, i) => i % everyDisguise === 0);
    const all = [...handMade, ...fc.sample(changedTargets, { numRuns: generated, seed })];
    const differences: string[] = [];
    const statuses: Record<string, number> = {};
    const routes: Record<string, number> = {};
    const forwarded: { readonly asked: Asked; readonly id: string; readonly judged: Judged }[] = [];
    let nginxAlone = 0;

    async function tryOne(sentOne: Sent, i: number): Promise<void> {
      const asked = { ...sentOne, caller: callers[i % 3]!, method: methods[(i >> 1) % 2]! };
      const judged = judge(config, asked);
      const [direct, entry] = [
        await ask(edge.doors[0]!.port, asked, tokens[asked.caller], received),
        await ask(edge.doors[1]!.port, asked, tokens[asked.caller], received),
      ];
      const differ = (what: string) => differences.push(`${what}: ${JSON.stringify(asked)}`);
      const isAbsolute = /^ *https?:/i.test(asked.text);
      // Another authority than that of Host is a 400 before any path is looked at.
      const isAsJudged = direct.status === judged.status || (isAbsolute && direct.status === 400);
      if (!isAsJudged) differ(`${direct.status}, not ${judged.status}`);
      // nginx refuses some of it itself; what it lets through it does not touch.
      if (entry.status === direct.status) {
        if (entry.received !== direct.received) differ(`nginx made ${entry.received} of it`);
      } else if (entry.received === undefined && [0, 400, 405, 505].includes(entry.status)) nginxAlone += 1;
      else differ(`${entry.status} through nginx, ${direct.status} directly`);
      for (const outcome of [direct, entry]) {
        statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
        if (outcome.received !== undefined) forwarded.push({ asked, id: outcome.id, judged });
      }
    }

    let next = 0;
    const workers = Array.from({ length: atOnce }, async () => {
      for (let i = next++; i < all.length; i = next++) await tryOne(all[i]!, i);
    });
    await Promise.all(workers);

    const log = await readLog(
      edge,
      forwarded.map(({ id }) => id),
    );
    for (const { asked, id, judged } of forwarded) {
      const line = log.get(id)!;
      routes[line.route] = (routes[line.route] ?? 0) + 1;
      const wrong = findDifference(config, asked, judged, line, received.get(id)!);
      if (wrong !== undefined) differences.push(`${wrong}: ${JSON.stringify(asked)}`);
    }
    if (arrived !== forwarded.length)
      differences.push(`${arrived} arrived, ${forwarded.length} were answered`);
    return {
      seed,
      handMade: handMade.length,
      generated,
      sent: all.length * edge.doors.length,
      statuses,
      refusedByNginxAlone: nginxAlone,
      forwarded: forwarded.length,
      routes,
      differences: differences.length,
      firstDifferences: differences.slice(0, 20),
    };
  } finally {
    await edge.close();
  }
}

function read(yaml: string): RoutingConfig {
  const loaded = loadConfig(yaml, {});
  assert.ok(loaded.kind === 'config');
  return loaded.config;
}

type Judged = { readonly target: string; readonly status: number; readonly explanation: Explanation };

/** What has to become of it, from its text alone. */
function judge(config: RoutingConfig, { text, host, method, caller }: Asked): Judged {
  // Further spaces before the target belong to no target (RFC 9112 section 3): both doors and we read past them.
  const spaceless = text.replace(/^ +/, '');
  const isAbsolute = absolute.test(spaceless);
  const target = (isAbsolute && spaceless.replace(absolute, '')) || (isAbsolute ? '/' : spaceless);
  const explanation = explainRequest(config, { method, host, target, headers: [] });
  return { target, explanation, status: statusOf(explanation, caller) };
}

function statusOf(explanation: Explanation, caller: Caller): number {
  if (explanation.kind === 'no_path') return 400;
  if (explanation.kind === 'refused') return problems[explanation.code].status;
  assert.ok(explanation.kind === 'route', 'the gateway itself is not asked for anything');
  return passes(explanation.route.access, caller);
}

function passes(access: Access, caller: Caller): number {
  if (access.kind === 'public') return 200;
  if (caller === 'nobody') return 401;
  return access.kind === 'roles' && !access.roles.includes(caller) ? 403 : 200;
}

type Line = { readonly path: string; readonly route: string };

/** What does not hold of a request that the service got; undefined when all does. */
function findDifference(
  config: RoutingConfig,
  { host, method, caller }: Asked,
  { target, explanation }: Judged,
  { path, route }: Line,
  received: string,
): string | undefined {
  if (explanation.kind !== 'route') return 'forwarded, though it was to be refused';
  if (explanation.route.label !== route) return `judged by ${route}, not ${explanation.route.label}`;
  if (passes(explanation.route.access, caller) !== 200) return `forwarded for ${caller}`;
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
  if (received !== receivedOf(route, path) + query) return `${path} became ${received}`;
  if (received !== explanation.target) return `explained as ${explanation.target}, received as ${received}`;
  const again = explainRequest(config, { method, host, target: path, headers: [] });
  if (again.kind !== 'route' || again.route !== explanation.route) return `${path} is judged otherwise`;
  const canonical = readCanonicalPath(received);
  if (canonical.kind === 'refused') return `${received} would be refused`;
  if (canonical.path + canonical.query !== received) return `${received} is not canonical`;
  const places = route.startsWith('/pass') ? path.replaceAll('%2F', '_') : path;
  if (caller !== 'admin' && /^\/(?:api|in)\/admin(?:\/|$)/.test(readLeniently(places))) {
    return `${path} can be read as a guarded place`;
  }
  return undefined;
}

async function ask(
  port: number,
  { text, host, method }: Asked,
  token: string | undefined,
  received: ReadonlyMap<string, string>,
): Promise<Outcome> {
  const lines = [`${method} ${text} HTTP/1.1`, `Host: ${host}`, 'Connection: close'];
  if (method === 'POST') lines.push('Content-Length: 0');
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  const [answer, more] = readAnswers(await exchange(port, `${lines.join('\r\n')}\r\n\r\n`));
  assert.equal(more, undefined, `${JSON.stringify(text)} got two answers`);
  if (answer === undefined) return { status: 0, id: '', received: undefined };
  const id = answer.headers['x-request-id'] ?? '';
  const got = received.get(id);
  assert.equal(
    got !== undefined,
    answer.headers['x-from'] === 'service',
    `${JSON.stringify(text)} both ways`,
  );
  return { status: answer.status, id, received: got };
}

/** The log's lines by the ids of their requests. */
async function readLog(edge: Edge, ids: readonly string[]): Promise<Map<string, Line>> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const text = readFileSync(edge.t.accessLogPath, 'utf8');
    const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
    const byId = new Map(
      lines.map((line) => {
        const entry = JSON.parse(line) as Line & { request_id: string };
        return [entry.request_id, entry];
      }),
    );
    if (ids.every((id) => byId.has(id))) return byId;
    assert.ok(performance.now() < endMs, 'a request has no line in the log');
    await delay(250);
  }
}
