// What Prometheus reads about services and their targets. Every label comes from gateway.yaml or from a closed set:
// an address that DNS gave is counted under the name that led to it.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Exchange } from '../exchange.ts';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import type { UpstreamTarget } from '../upstreams/upstream-target.ts';
import { registerDurations } from './durations-metric.ts';
import type { Reason } from './proxy-status.ts';
import { Durations } from './tally.ts';

/** What the calls of one target came to. */
type Calls = { readonly durations: Durations; readonly byOutcome: Map<string, number> };

/** What keeps an address from being asked, if anything does. */
const states = ['usable', 'trying', 'left_out', 'unhealthy'] as const;

export class UpstreamMetrics {
  readonly failedLookUps: Counter<'service'>;
  readonly leftOut: Counter<'service' | 'target'>;
  readonly #retries: Counter<'service'>;
  /** By service, then by target. */
  readonly #calls = new Map<string, Map<string, Calls>>();

  /** `services` are asked for at the time of a scrape. */
  constructor(registry: Registry, services: () => Iterable<UpstreamService>) {
    const registers = [registry];
    this.failedLookUps = new Counter({
      name: 'pi_gateway_target_lookups_failed_total',
      help: 'Look-ups of targets by name that failed; the last addresses went on.',
      labelNames: ['service'],
      registers,
    });
    this.#retries = new Counter({
      name: 'pi_gateway_retries_total',
      help: 'Requests that were sent again, each time counted.',
      labelNames: ['service'],
      registers,
    });
    const calls: Counter<'service' | 'target' | 'outcome'> = new Counter({
      name: 'pi_gateway_target_calls_total',
      help: 'Calls of a target, each try counted, by outcome: the class of the status (1xx a WebSocket), failed (no proper or whole answer), abandoned (the client left, or its body was cut, first).',
      labelNames: ['service', 'target', 'outcome'],
      registers,
      collect: () => {
        calls.reset();
        this.#forEachTarget(({ byOutcome }, labels) => {
          for (const [outcome, count] of byOutcome) calls.inc({ ...labels, outcome }, count);
        });
      },
    });
    registerDurations(
      registry,
      {
        name: 'pi_gateway_upstream_duration_seconds',
        help: 'From the call of a target to the head of its answer.',
        labelNames: ['service', 'target'],
      },
      () => {
        const read: [Readonly<Record<string, string>>, Durations][] = [];
        this.#forEachTarget(({ durations }, labels) => read.push([labels, durations]));
        return read;
      },
    );
    this.leftOut = new Counter({
      name: 'pi_gateway_target_left_out_total',
      help: 'How often a target was left out: out of reach, or too many requests without a proper answer.',
      labelNames: ['service', 'target'],
      registers,
    });
    const forEach = (
      name: string,
      help: string,
      labelNames: readonly string[],
      collect: (gauge: Gauge, service: UpstreamService) => void,
    ) =>
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers,
        collect() {
          this.reset();
          for (const service of services()) collect(this, service);
        },
      });
    forEach(
      'pi_gateway_pending_requests',
      'Requests that wait for the head of their answer.',
      ['service'],
      (gauge, { config, pending }) => gauge.set({ service: config.name }, pending),
    );
    forEach(
      'pi_gateway_pending_requests_max',
      'How many may wait in this process; one more is a 503.',
      ['service'],
      (gauge, { config }) => gauge.set({ service: config.name }, config.maxPending),
    );
    forEach(
      'pi_gateway_target_requests',
      'Requests under way at a target, bodies of answers included.',
      ['service', 'target'],
      (gauge, { config, targets }) => {
        for (const { origin, active } of targets) gauge.inc({ service: config.name, target: origin }, active);
      },
    );
    forEach(
      'pi_gateway_target_addresses',
      'Addresses of a target by state: usable, trying (one request at a time), left_out, unhealthy.',
      ['service', 'target', 'state'],
      countStates,
    );
  }

  /** An exchange that called a service has ended. `headMs`: from the last call to its answer's head; null: none came. */
  note(x: Exchange, status: number, headMs: number | null): void {
    const { service } = x.route!;
    for (const target of x.failedOn) countOutcome(this.#callsOf(service, target), 'failed');
    if (x.retries > 0) this.#retries.inc({ service }, x.retries);
    const calls = this.#callsOf(service, x.target!);
    countOutcome(calls, outcomeOf(x, status, headMs !== null));
    if (headMs !== null) calls.durations.observe(headMs / 1000);
  }

  #callsOf(service: string, target: string): Calls {
    let targets = this.#calls.get(service);
    if (targets === undefined) this.#calls.set(service, (targets = new Map()));
    let calls = targets.get(target);
    if (calls === undefined) {
      calls = { durations: new Durations(), byOutcome: new Map() };
      targets.set(target, calls);
    }
    return calls;
  }

  #forEachTarget(each: (calls: Calls, labels: { service: string; target: string }) => void): void {
    for (const [service, targets] of this.#calls) {
      for (const [target, calls] of targets) each(calls, { service, target });
    }
  }
}

function countOutcome({ byOutcome }: Calls, outcome: string): void {
  byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
}

/** Whose fault it is when a call brings no whole answer. */
const clientFaults: ReadonlySet<string> = new Set([
  'client_gone',
  'too_large',
  'too_slow',
] satisfies Reason[]);

function outcomeOf({ reason }: Exchange, status: number, isAnswered: boolean): string {
  if (reason !== undefined && !clientFaults.has(reason)) return 'failed';
  return isAnswered ? `${Math.floor(status / 100)}xx` : 'abandoned';
}

function countStates(gauge: Gauge, { config, targets }: UpstreamService): void {
  const nowMs = performance.now();
  const service = config.name;
  for (const { origin } of config.targets) {
    for (const state of states) gauge.set({ service, target: origin, state }, 0);
  }
  for (const target of targets) gauge.inc({ service, target: target.origin, state: stateOf(target, nowMs) });
}

function stateOf({ isHealthy, breaker }: UpstreamTarget, nowMs: number): (typeof states)[number] {
  if (!isHealthy) return 'unhealthy';
  return ({ closed: 'usable', half_open: 'trying', open: 'left_out' } as const)[breaker.state(nowMs)];
}
