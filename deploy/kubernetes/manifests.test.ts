// The manifests, read as kustomize reads them: every pod meets the restricted profile of the Pod Security Standards, what
// refers to something finds it, and only the edges of ARCHITECTURE.md are open. Their shape is the API server's to judge.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authSettings } from '@pi-gateway/auth/config.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';
import { parse, parseAllDocuments } from 'yaml';

type Labels = Readonly<Record<string, string>>;
type Selector = { readonly matchLabels?: Labels };
type Port = { readonly port: number | string };
type Probe = { readonly httpGet?: Port & { readonly path: string }; readonly tcpSocket?: Port };
type Container = {
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: object;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type PodSpec = {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly seccompProfile: object;
  };
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: object }[];
};
type Rule = {
  readonly from?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly to?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly ports?: readonly Port[];
};
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: Selector & Labels;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly ports: readonly { readonly targetPort: string }[];
    readonly podSelector: Selector;
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
    readonly minReplicas: number;
    readonly scaleTargetRef: { readonly name: string };
  };
};

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
const { resources } = parse(read('kustomization.yaml')) as { resources: string[] };
const manifests = resources.flatMap((name) =>
  parseAllDocuments(read(name)).map((document) => {
    assert.deepEqual(document.errors, [], name);
    return document.toJS() as Manifest;
  }),
);
const all = (kind: string) => manifests.filter((one) => one.kind === kind);
const nameOf = (labels: Labels | undefined) => labels?.['app.kubernetes.io/name'];
const deployments = all('Deployment');

test('every pod meets the restricted profile: no root, no capability, no writable root, nothing of the host', () => {
  assert.deepEqual(deployments.map(({ metadata }) => metadata.name).toSorted(), ['auth', 'entry', 'gateway']);
  for (const { spec, metadata } of deployments) {
    const pod = spec.template.spec;
    assert.equal(pod.automountServiceAccountToken, false, metadata.name);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.ok(pod.securityContext.runAsUser > 0);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    assert.equal(pod.containers.length, 1);
    assert.deepEqual(pod.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.ok(pod.volumes.every((volume) => volume.hostPath === undefined));
    assert.ok(!Object.keys(pod).some((key) => key.startsWith('host')));
  }
});

test('every deployment has probes, bounds, a service, a disruption budget and a scaler, and all of them find it', () => {
  for (const { spec, metadata } of deployments) {
    const [container] = spec.template.spec.containers;
    const ports = container.ports.map(({ name }) => name);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      assert.ok(ports.includes(String((probe.httpGet ?? probe.tcpSocket)?.port)), metadata.name);
    }
    if (metadata.name !== 'entry') {
      assert.equal(container.livenessProbe.httpGet?.path, '/livez');
      assert.equal(container.readinessProbe.httpGet?.path, '/readyz');
    }
    assert.ok(container.resources.requests['cpu'] && container.resources.limits['memory']);
    const { labels } = spec.template.metadata;
    assert.equal(nameOf(labels), metadata.name);
    assert.deepEqual(spec.selector.matchLabels, labels);
    const volumes = spec.template.spec.volumes.map(({ name }) => name).toSorted();
    assert.deepEqual(container.volumeMounts.map(({ name }) => name).toSorted(), volumes);
    const service = all('Service').find((one) => one.metadata.name === metadata.name)!;
    assert.equal(nameOf(service.spec.selector), metadata.name);
    assert.ok(service.spec.ports.every(({ targetPort }) => ports.includes(targetPort)));
    const budget = all('PodDisruptionBudget').find((one) => one.metadata.name === metadata.name)!;
    assert.equal(nameOf(budget.spec.selector.matchLabels), metadata.name);
    const scaler = all('HorizontalPodAutoscaler').find(
      (one) => one.spec.scaleTargetRef.name === metadata.name,
    )!;
    assert.ok(scaler.spec.minReplicas >= 2);
  }
});

test('the commands exist, and the settings are settings', () => {
  const names = new Set(
    [...Object.values(authSettings), ...Object.values(gatewaySettings)].flatMap(({ name }) => [
      name,
      `${name}_FILE`,
    ]),
  );
  const given = read('settings.env')
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]!);
  const own = deployments.flatMap(({ spec }) => spec.template.spec.containers[0].env ?? []);
  for (const name of [...given, ...own.map((one) => one.name)]) assert.ok(names.has(name), name);
  for (const { spec } of deployments) {
    const script = spec.template.spec.containers[0].command?.find((word) => word.endsWith('.ts'));
    assert.ok(script === undefined || existsSync(join(root, script)));
  }
});

test('whatever is not one of these edges is denied', () => {
  const policies = all('NetworkPolicy');
  const closed = policies.find(({ metadata }) => metadata.name === 'default-deny')!;
  assert.deepEqual(closed.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  const peers = (rule: Rule) =>
    (rule.from ?? rule.to)?.map(
      ({ podSelector, namespaceSelector }) =>
        nameOf(podSelector?.matchLabels) ?? Object.keys(namespaceSelector?.matchLabels ?? {})[0],
    ) ?? ['anybody'];
  const edges = policies
    .filter(({ metadata }) => !['default-deny', 'names'].includes(metadata.name))
    .flatMap(({ spec }) => {
      const name = nameOf(spec.podSelector.matchLabels);
      const ends = (rule: Rule) => peers(rule).map((peer) => [peer, rule.ports?.[0]?.port ?? 'any'] as const);
      return [
        ...(spec.ingress ?? []).flatMap(ends).map(([peer, port]) => `${peer} → ${name} ${port}`),
        ...(spec.egress ?? []).flatMap(ends).map(([peer, port]) => `${name} → ${peer} ${port}`),
      ];
    });
  assert.deepEqual([...new Set(edges)].toSorted(), [
    'anybody → entry 8080',
    'auth → pi-gateway/cache 6379',
    'auth → pi-gateway/database 5432',
    'auth → pi-gateway/mail 465',
    'entry → gateway 8001',
    'gateway → auth 8000',
    'gateway → pi-gateway/cache 6379',
    'gateway → pi-gateway/services any',
    'pi-gateway/watches → auth 9464',
    'pi-gateway/watches → gateway 9465',
  ]);
});
