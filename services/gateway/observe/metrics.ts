// What Prometheus reads. Every label comes from a closed set (routes of the file, known methods, status
// classes), so that no client can make the number of series grow.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { routeMethods } from '../routing/route.ts';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import { registerDurations } from './durations-metric.ts';
import { Durations, Outcomes } from './tally.ts';
import { UpstreamMetrics } from './upstream-metrics.ts';

/** Read at the time of a scrape. */
export type MetricsState = {
  readonly revocationLagMs: () => number;
  readonly revocations: () => number;
  readonly keysAgeMs: () => number;
  readonly limiterMode: () => 'shared' | 'local';
  readonly configHash: () => string;
  readonly isConfigRefused: () => boolean;
  readonly tunnels: () => number;
  readonly issuers: () => Iterable<Pick<TrustedIssuer, 'config' | 'keys'>>;
  readonly loopLagMs: () => number;
  readonly droppedLines: () => number;
  readonly refusalsWaiting: () => number;
  readonly services: () => Iterable<UpstreamService>;
};

const methods = new Set<string>(routeMethods);

export class GatewayMetrics {
  readonly registry = new Registry();
  readonly upstreams: UpstreamMetrics;
  readonly reloads: Counter<'result'>;
  readonly #outcomes = new Map<string, Outcomes>();
  readonly #durations = new Map<string, Durations>();

  constructor(state: MetricsState) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const requests: Counter<'route' | 'method' | 'status' | 'reason'> = new Counter({
      name: 'pi_gateway_requests_total',
      help: 'Requests by route, method, status and reason of a refusal.',
      labelNames: ['route', 'method', 'status', 'reason'],
      registers,
      collect: () => {
        for (const [route, outcomes] of this.#outcomes) {
          outcomes.take(({ method, status, reason, count }) =>
            requests.inc({ route, method, status: String(status), reason }, count),
          );
        }
      },
    });
    registerDurations(
      this.registry,
      {
        name: 'pi_gateway_request_duration_seconds',
        help: 'From the head of the request to the end of the answer; WebSockets are left out.',
        labelNames: ['route'],
      },
      () => [...this.#durations].map(([route, durations]) => [{ route }, durations]),
    );
    this.reloads = new Counter({
      name: 'pi_gateway_config_reloads_total',
      help: 'Loads of gateway.yaml by result: applied, unchanged or refused.',
      labelNames: ['result'],
      registers,
    });
    this.#gauges(state);
    this.upstreams = new UpstreamMetrics(this.registry, state.services);
  }

  count(route: string, method: string, status: number, reason: string): void {
    let outcomes = this.#outcomes.get(route);
    if (outcomes === undefined) this.#outcomes.set(route, (outcomes = new Outcomes()));
    outcomes.count(methods.has(method) ? method : 'other', status, reason);
  }

  observe(route: string, seconds: number): void {
    let durations = this.#durations.get(route);
    if (durations === undefined) this.#durations.set(route, (durations = new Durations()));
    durations.observe(seconds);
  }

  #gauges(state: MetricsState): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    gauge(
      'pi_revocation_lag_seconds',
      'For how long a revocation could have been missed; +Inf before the first load.',
      () => state.revocationLagMs() / 1000,
    );
    gauge('pi_revocations', 'Revocations in force.', state.revocations);
    gauge('pi_jwks_age_seconds', 'Since the keys were last confirmed.', () => state.keysAgeMs() / 1000);
    gauge('pi_limiter_shared', '1 when Redis counts the limits, 0 when this process does.', () =>
      state.limiterMode() === 'shared' ? 1 : 0,
    );
    gauge(
      'pi_gateway_loop_lag_seconds',
      'How late the event loop is; load is shed by it.',
      () => state.loopLagMs() / 1000,
    );
    gauge(
      'pi_gateway_config_refused',
      '1 while gateway.yaml as it is now is refused and the one before goes on.',
      () => (state.isConfigRefused() ? 1 : 0),
    );
    gauge('pi_gateway_tunnels', 'Open WebSockets.', state.tunnels);
    gauge('pi_gateway_access_log_dropped_lines', 'Lines the log did not take.', state.droppedLines);
    gauge('pi_gateway_refusals_waiting', 'Refusals that auth has not confirmed yet.', state.refusalsWaiting);
    const issuerKeys = new Gauge({
      name: 'pi_issuer_keys_age_seconds',
      help: 'Since the keys of another issuer were last confirmed; +Inf before the first load.',
      labelNames: ['issuer'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { config, keys } of state.issuers()) {
          issuerKeys.set({ issuer: config.name }, keys.ageMs() / 1000);
        }
      },
    });
    const info = new Gauge({
      name: 'pi_gateway_config_info',
      help: 'Always 1; the label tells which gateway.yaml is in force.',
      labelNames: ['hash'],
      registers: [this.registry],
      collect() {
        this.reset();
        info.set({ hash: state.configHash().slice(0, 12) }, 1);
      },
    });
  }
}
