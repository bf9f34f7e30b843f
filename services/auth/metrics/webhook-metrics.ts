// What Prometheus may know of webhooks. No label names an endpoint: `pi webhook list` does.

import { Counter, Gauge, type Registry } from 'prom-client';
import { type Webhooks, webhookAttemptOutcomes } from '../webhooks/dispatcher.ts';

/** `state` is asked at each scrape. */
export function addWebhookMetrics(register: Registry, state: Webhooks['state']): void {
  const registers = [register];
  const attempts = new Counter({
    name: 'pi_auth_webhook_attempts_total',
    help: 'Attempts to deliver a webhook; a dead one was the last of its delivery.',
    labelNames: ['outcome'],
    registers,
    collect() {
      attempts.reset();
      for (const outcome of webhookAttemptOutcomes) attempts.inc({ outcome }, state().attempts[outcome]);
    },
  });
  const endpoints = new Gauge({
    name: 'pi_auth_webhook_endpoints',
    help: 'Webhook endpoints.',
    labelNames: ['state'],
    registers,
    collect() {
      const { enabled, disabled } = state();
      endpoints.set({ state: 'enabled' }, enabled);
      endpoints.set({ state: 'disabled' }, disabled);
    },
  });
  for (const [name, help, read] of [
    [
      'pi_auth_webhook_waiting',
      'Deliveries that wait, up to a thousand of each endpoint; the rest waits in the log.',
      () => state().waiting,
    ],
    ['pi_auth_webhook_dead', 'Deliveries that were given up.', () => state().dead],
    [
      'pi_auth_webhook_overdue_seconds',
      'How long the delivery that has been due for longest has been.',
      () => state().overdueSeconds,
    ],
  ] as const) {
    const collect = (): void => gauge.set(read());
    const gauge = new Gauge({ name, help, registers, collect });
  }
}
