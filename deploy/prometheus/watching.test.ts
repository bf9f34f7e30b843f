// The rules, the alerts and the dashboard against what a running auth and gateway really export.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from '../../tests/security/start-real-gateway.ts';
import { listMetrics } from '../../tools/metrics-page.ts';

type Rule = {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly description?: string };
};
type Rules = { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };
type Panel = {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
};
type Selector = { readonly metric: string; readonly labels: readonly string[] };

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const rulesOf = (path: string) => (parse(read(path)) as Rules).groups.flatMap(({ rules }) => rules);
const recorded = rulesOf('recording-rules.yml');
const alerts = rulesOf('alert-rules.yml');
const dashboard = JSON.parse(read('../grafana/pi-gateway.json')) as { uid: string; panels: readonly Panel[] };
const expressions = [
  ...recorded.map(({ record, expr }) => [record!, expr] as const),
  ...alerts.map(({ alert, expr }) => [alert!, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
];
// Prometheus' own, and those it puts on every series.
const ownSeries = ['up', ...recorded.map(({ record }) => record!)];
const ownLabels = ['job', 'instance'];

let auth: TestAuth;
let gateway: Awaited<ReturnType<typeof startRealGateway>>;
let exported: ReadonlySet<string>;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  const env = { GATEWAY_METRICS_PORT: '0' };
  gateway = await startRealGateway(auth, '  - { path: /api/*, service: auth, strip_prefix: /api }', { env });
  const ofGateway = await (await fetch(`${gateway.metricsUrl}/metrics`)).text();
  exported = new Set([...readSeries(ofGateway), ...readSeries(await auth.deps.metrics.render())]);
});
after(async () => {
  await gateway.close();
  await auth.close();
});

const parts = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

function readSeries(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type = '']) =>
    (type in parts ? parts[type as keyof typeof parts] : ['']).map((part) => name + part),
  );
}

/** The selectors of an expression and the labels it groups by. @throws where it is no PromQL. */
function readExpression(text: string): { selectors: Selector[]; grouped: string[] } {
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouped: string[] = [];
  parser.parse(text).iterate({
    enter({ name, type, from, to, node }) {
      const said = text.slice(from, to);
      assert.ok(!type.isError, `no PromQL at ${from}: ${text}`);
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      else if (name === 'Identifier' && node.parent?.name === 'VectorSelector')
        selectors.at(-1)!.metric = said;
      else if (name !== 'LabelName') return;
      else if (node.parent?.name === 'GroupingLabels') grouped.push(said);
      else selectors.at(-1)!.labels.push(said);
    },
  });
  return { selectors, grouped };
}

function labelsOf(metric: string): readonly string[] {
  const base = metric.replace(/_(bucket|sum|count)$/, '');
  const rows = listMetrics().filter(({ name }) => name === metric || name === base);
  return [...rows.flatMap(({ labels }) => labels), ...(metric.endsWith('_bucket') ? ['le'] : [])];
}

describe('every expression', () => {
  test('reads series that are exported, by labels that they have', () => {
    assert.ok(expressions.length > 60, String(expressions.length));
    for (const [what, text] of expressions) {
      const { selectors, grouped } = readExpression(text);
      assert.ok(selectors.length > 0, what);
      for (const { metric, labels } of selectors) {
        assert.ok(exported.has(metric) || ownSeries.includes(metric), `${what}: nothing exports ${metric}`);
        for (const label of labels) {
          assert.ok(
            [...labelsOf(metric), ...ownLabels].includes(label),
            `${what}: ${metric} has no label ${label}`,
          );
        }
      }
      const known = selectors.flatMap(({ metric }) => labelsOf(metric)).concat(ownLabels);
      for (const label of grouped) assert.ok(known.includes(label), `${what}: no label ${label} to group by`);
    }
  });

  test('is refused here when it is no PromQL, and read when it is', () => {
    assert.throws(() => readExpression('sum by (route (rate(x[5m]))'), /no PromQL/);
    assert.deepEqual(readExpression('sum by (a) (rate(x{b="c"}[5m])) > 0'), {
      selectors: [{ metric: 'x', labels: ['b'] }],
      grouped: ['a'],
    });
  });
});

test('every metric of ours is exported from the start, and watched or told of in the reference', () => {
  const page = read('../../docs/reference/metrics.md');
  for (const { name, type } of listMetrics()) {
    assert.ok(exported.has(type === 'histogram' ? `${name}_count` : name), name);
    if (name.startsWith('pi_')) assert.ok(page.includes(`| \`${name}\` |`), name);
  }
});

test('alerts have one name each, a severity and words for a person', () => {
  assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(page|ticket)$/, alert ?? '');
    assert.ok(annotations?.summary && annotations.description, alert ?? '');
  }
});

test('the panels of the dashboard have one id each', () => {
  assert.equal(dashboard.uid, 'pi-gateway');
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});

test('the sample scrapes the jobs that the expressions name, and loads the rules', () => {
  const sample = parse(read('prometheus.yml')) as {
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  };
  assert.deepEqual(sample.rule_files, ['recording-rules.yml', 'alert-rules.yml']);
  const named = expressions.flatMap(([, text]) =>
    [...text.matchAll(/job="([^"]+)"/g)].map(([, job = '']) => job),
  );
  assert.deepEqual(new Set(named), new Set(sample.scrape_configs.map((job) => job.job_name)));
});
