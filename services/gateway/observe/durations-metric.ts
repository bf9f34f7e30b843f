// Durations as Prometheus reads them. prom-client's registry asks any metric it is given for `get` alone; its own
// histogram cannot be filled from counts.

import type { Metric, Registry } from 'prom-client';
import { boundsSeconds, type Durations } from './tally.ts';

type Sample = {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

type Labels = Readonly<Record<string, string>>;

type DurationsOptions = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
};

/** Registers a histogram; `read` is asked at a scrape. */
export function registerDurations(
  registry: Registry,
  { name, help, labelNames }: DurationsOptions,
  read: () => readonly (readonly [Labels, Durations])[],
): void {
  const metric = {
    name,
    help,
    type: 'histogram',
    labelNames,
    aggregator: 'sum',
    get: async () => ({
      name,
      help,
      type: 'histogram',
      values: read().flatMap(([labels, durations]) => samplesOf(name, labels, durations)),
      aggregator: 'sum',
    }),
    reset: () => {},
  };
  registry.registerMetric(metric as unknown as Metric);
}

function samplesOf(name: string, labels: Labels, durations: Durations): Sample[] {
  let total = 0;
  const buckets = [...durations.counts].map((count, at) => {
    total += count;
    return {
      metricName: `${name}_bucket`,
      labels: { le: boundsSeconds[at] ?? '+Inf', ...labels },
      value: total,
    };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: durations.sumSeconds },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
