import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { serviceConfig } from '../testing/service-config.ts';
import { linkOpener } from '../upstreams/open-link.ts';
import { UpstreamService } from '../upstreams/upstream-service.ts';
import { UpstreamMetrics } from './upstream-metrics.ts';

function open(origins: readonly string[]) {
  const config = serviceConfig(origins);
  const service = new UpstreamService(
    config,
    linkOpener(config, () => assert.fail()),
  );
  const registry = new Registry();
  const metrics = new UpstreamMetrics(registry, () => [service]);
  const lines = async (name: string) => {
    const text = await registry.getSingleMetricAsString(name);
    return text.split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  };
  return { service, metrics, lines };
}

test('each target is shown by the state of its addresses', async () => {
  const { service, lines } = open(['http://a', 'http://b', 'http://c']);
  const [, b, c] = service.targets;
  b!.isHealthy = false;
  c!.breaker.noteUnreachable(c!.begin(), performance.now());
  assert.deepEqual(await lines('pi_gateway_target_addresses'), [
    'pi_gateway_target_addresses{service="up",target="http://a",state="usable"} 1',
    'pi_gateway_target_addresses{service="up",target="http://b",state="unhealthy"} 1',
    'pi_gateway_target_addresses{service="up",target="http://c",state="left_out"} 1',
  ]);
  assert.deepEqual(await lines('pi_gateway_target_requests'), [
    'pi_gateway_target_requests{service="up",target="http://c"} 1',
  ]);
});

test('however many addresses DNS gives, they are series of the target that is named in the file', async () => {
  const { service, lines } = open(['http://a']);
  service.setAddresses(
    'http://a',
    Array.from({ length: 50 }, (_, i) => `10.0.0.${i}`),
  );
  assert.deepEqual(await lines('pi_gateway_target_addresses'), [
    'pi_gateway_target_addresses{service="up",target="http://a",state="usable"} 1',
    'pi_gateway_target_addresses{service="up",target="http://a",state="unhealthy"} 50',
  ]);
});

test('requests that wait are shown beside their bound', async () => {
  const { service, lines } = open(['http://a']);
  service.pending = 3;
  assert.deepEqual(await lines('pi_gateway_pending_requests'), [
    'pi_gateway_pending_requests{service="up"} 3',
  ]);
  assert.deepEqual(await lines('pi_gateway_pending_requests_max'), [
    'pi_gateway_pending_requests_max{service="up"} 10',
  ]);
});
