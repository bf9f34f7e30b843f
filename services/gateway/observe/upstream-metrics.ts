// What Prometheus reads about services and their targets. Every label comes from gateway.yaml or from a closed set:
// an address that DNS gave is counted under the name that led to it.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import type { UpstreamTarget } from '../upstreams/upstream-target.ts';

/** What keeps an address from being asked, if anything does. */
const states = ['usable', 'trying', 'left_out', 'unhealthy'] as const;

export class UpstreamMetrics {
  readonly failedLookUps: Counter<'service'>;
  readonly retries: Counter<'service'>;
  readonly leftOut: Counter<'service' | 'target'>;

  /** `services` are asked for at the time of a scrape. */
  constructor(registry: Registry, services: () => Iterable<UpstreamService>) {
    const registers = [registry];
    this.failedLookUps = new Counter({
      name: 'pi_gateway_target_lookups_failed_total',
      help: 'Look-ups of targets by name that failed; the last addresses went on.',
      labelNames: ['service'],
      registers,
    });
    this.retries = new Counter({
      name: 'pi_gateway_retries_total',
      help: 'Requests that were sent again, each time counted.',
      labelNames: ['service'],
      registers,
    });
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
