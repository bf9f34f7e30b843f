// What Prometheus may know, served on the metrics port only. Labels have few values by construction: routes
// are the table's own URLs, never what a client sent.

import type { Limiter } from '@pi-gateway/limiter/limiter.ts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AdmissionGate } from '../crypto/admission-gate.ts';
import type { LeakCheck } from '../crypto/leaked-passwords.ts';
import type { Database } from '../db/database.ts';
import type { RefusalLog } from '../refusals/refusal-log.ts';
import type { Revocations } from '../revocation/revocations.ts';
import type { Sealer } from '../sealing/sealer.ts';
import type { Webhooks } from '../webhooks/dispatcher.ts';
import { addWebhookMetrics } from './webhook-metrics.ts';

const loginOutcomes = ['succeeded', 'failed', 'rate_limited'] as const;
const refreshOutcomes = ['rotated', 'repeated', 'reuse', 'refused'] as const;

export type Metrics = {
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  countLogin(outcome: (typeof loginOutcomes)[number]): void;
  countRefresh(outcome: (typeof refreshOutcomes)[number]): void;
  countLeakCheck(outcome: LeakCheck): void;
  readonly registry: Registry;
  /** The text that is scraped. */
  render(): Promise<string>;
  readonly contentType: string;
};

export type MetricsSources = {
  readonly gate: AdmissionGate;
  readonly db: Database;
  readonly revocations: Revocations;
  readonly limiter: Limiter;
  readonly sealer: Pick<Sealer, 'state'>;
  readonly refusals: Pick<RefusalLog, 'waiting'>;
  readonly webhooks: Pick<Webhooks, 'state'>;
};

export function createMetrics(sources: MetricsSources): Metrics {
  const { gate, db, revocations, limiter, sealer, refusals, webhooks } = sources;
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const requests = new Histogram({
    name: 'pi_auth_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  const logins = new Counter({
    name: 'pi_auth_logins_total',
    help: 'Logins.',
    labelNames: ['outcome'],
    registers,
  });
  const refreshes = new Counter({
    name: 'pi_auth_refreshes_total',
    help: 'Refreshes.',
    labelNames: ['outcome'],
    registers,
  });
  const leakChecks = new Counter({
    name: 'pi_auth_leak_checks_total',
    help: 'New passwords sent to the range service; failed ones were taken without its answer.',
    labelNames: ['outcome'],
    registers,
  });
  // From the start on: of a series that appears with its first count, that count is never seen as a change.
  for (const outcome of loginOutcomes) logins.inc({ outcome }, 0);
  for (const outcome of refreshOutcomes) refreshes.inc({ outcome }, 0);
  gauge('pi_auth_hashes_running', 'Password hashes in flight.', () => gate.counts().running);
  gauge(
    'pi_auth_hashes_running_max',
    'Password hashes that may be in flight at once.',
    () => gate.runningMax,
  );
  gauge('pi_auth_hashes_waiting', 'Requests that wait for a password hash.', () => gate.counts().waiting);
  const refused = new Counter({
    name: 'pi_auth_hashes_refused_total',
    help: 'Requests refused for want of a place to wait for a password hash.',
    registers,
    collect() {
      refused.reset();
      refused.inc(gate.counts().refused);
    },
  });
  gauge('pi_auth_database_connections', 'Open database connections.', () => db.counts().total);
  gauge(
    'pi_auth_database_waiting',
    'Requests that wait for a database connection.',
    () => db.counts().waiting,
  );
  gauge('pi_auth_revocations', 'Live revocations in memory.', () => revocations.size());
  gauge('pi_auth_limiter_shared', '1 when limits are shared by Redis, 0 when counted locally.', () =>
    limiter.mode() === 'shared' ? 1 : 0,
  );
  gauge(
    'pi_auth_audit_unsealed_seconds',
    'Age of the oldest audit event that no seal holds.',
    () => sealer.state().unsealedSeconds,
  );
  gauge(
    'pi_auth_audit_last_seal',
    'Number of the newest seal of the audit log.',
    () => sealer.state().lastNumber,
  );

  gauge('pi_auth_refusals_waiting', 'Refusals that are not in the audit log yet.', () => refusals.waiting());
  addWebhookMetrics(register, () => webhooks.state());

  function gauge(name: string, help: string, read: () => number): void {
    const collect = (): void => metric.set(read());
    const metric = new Gauge({ name, help, registers, collect });
  }

  return {
    observeRequest: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    countLogin: (outcome) => logins.inc({ outcome }),
    countRefresh: (outcome) => refreshes.inc({ outcome }),
    countLeakCheck: (outcome) => leakChecks.inc({ outcome }),
    registry: register,
    render: () => register.metrics(),
    contentType: register.contentType,
  };
}
