// The manifests, read as kustomize reads them: every pod meets the restricted profile of the Pod Security Standards, what
// refers to something finds it, and only the edges of ARCHITECTURE.md are open. Their shape is for judge-manifest.ts.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { gatewaySettings } from '@pi-gateway/gateway/config.ts';
import { kustomization, readHere, readManifests } from './read-manifests.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = { readonly matchLabels?: Labels };
type Port = { readonly port: number | string };
type Probe = { readonly httpGet?: Port & { readonly path: string }; readonly tcpSocket?: Port };
type Container = {
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
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
  readonly initContainers?: readonly Container[];
  readonly containers: readonly [Container];
  readonly volumes: readonly Volume[];
};
type Volume = {
  readonly name: string;
  readonly hostPath?: object;
  readonly secret?: { readonly secretName: string };
  readonly configMap?: { readonly name: string };
};
type Rule = {
  readonly from?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly to?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly ports?: readonly Port[];
};
type PodTemplate = { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly jobTemplate: { readonly spec: { readonly template: PodTemplate } };
    readonly selector: Selector & Labels;
    readonly template: PodTemplate;
    readonly ports: readonly { readonly targetPort: string }[];
    readonly podSelector: Selector;
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
    readonly minReplicas: number;
    readonly maxUnavailable: number;
    readonly scaleTargetRef: { readonly name: string };
  };
};

const root = join(import.meta.dirname, '../..');
const manifests = readManifests() as Manifest[];
const all = (kind: string) => manifests.filter((one) => one.kind === kind);
const nameOf = (labels: Labels | undefined) => labels?.['app.kubernetes.io/name'];
const deployments = all('Deployment');
const pods = new Map(
  [...deployments, ...all('CronJob')].map(({ metadata, spec }) => [
    metadata.name,
    spec.jobTemplate?.spec.template ?? spec.template,
  ]),
);
const containersOf = ({ spec }: PodTemplate) => [...(spec.initContainers ?? []), ...spec.containers];

test('every pod meets the restricted profile: no root, no capability, no writable root, nothing of the host', () => {
  assert.deepEqual([...pods.keys()].toSorted(), ['auth', 'entry', 'gateway', 'upkeep']);
  for (const [name, template] of pods) {
    const pod = template.spec;
    assert.equal(pod.automountServiceAccountToken, false, name);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.ok(pod.securityContext.runAsUser > 0);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    assert.equal(pod.containers.length, 1);
    for (const { securityContext, resources } of containersOf(template)) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(resources.requests['cpu'] && resources.limits['memory'], name);
    }
    assert.ok(pod.volumes.every((volume) => volume.hostPath === undefined));
    assert.ok(!Object.keys(pod).some((key) => key.startsWith('host')));
  }
});

test('every deployment has probes, bounds, a service, a disruption budget and a scaler, and all of them find it', () => {
  for (const { spec, metadata } of deployments) {
    const [container] = spec.template.spec.containers;
    const ports = container.ports?.map(({ name }) => name) ?? [];
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      assert.ok(ports.includes(String((probe.httpGet ?? probe.tcpSocket)?.port)), metadata.name);
    }
    if (metadata.name !== 'entry') {
      assert.equal(container.livenessProbe.httpGet?.path, '/livez');
      assert.equal(container.readinessProbe.httpGet?.path, '/readyz');
    }
    const { labels } = spec.template.metadata;
    assert.equal(nameOf(labels), metadata.name);
    assert.deepEqual(spec.selector.matchLabels, labels);
    const service = all('Service').find((one) => one.metadata.name === metadata.name)!;
    assert.equal(nameOf(service.spec.selector), metadata.name);
    assert.ok(service.spec.ports.every(({ targetPort }) => ports.includes(targetPort)));
    const budget = all('PodDisruptionBudget').find((one) => one.metadata.name === metadata.name)!;
    assert.equal(nameOf(budget.spec.selector.matchLabels), metadata.name);
    const scaler = all('HorizontalPodAutoscaler').find(
      (one) => one.spec.scaleTargetRef.name === metadata.name,
    )!;
    assert.ok(scaler.spec.minReplicas > budget.spec.maxUnavailable, 'a drained node takes not all of them');
    // Set here, too, each apply would take back what the scaler has decided.
    assert.ok(!('replicas' in spec), metadata.name);
  }
});

test('the commands exist, and the settings are settings', () => {
  const names = new Set(
    [...Object.values(authSettings), ...Object.values(gatewaySettings)].flatMap(({ name }) => [
      name,
      `${name}_FILE`,
    ]),
  );
  const given = readHere('settings.env')
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]!);
  const containers = [...pods.values()].flatMap(containersOf);
  const own = containers.flatMap(({ env = [] }) => env);
  for (const name of [...given, ...own.map((one) => one.name)]) assert.ok(names.has(name), name);
  for (const { command } of containers) {
    const script = command?.find((word) => word.endsWith('.ts'));
    assert.ok(script === undefined || existsSync(join(root, script)));
  }
});

test('every manifest of the folder is applied, and what pods mount is made by it or by the steps of the how-to', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /\.ya?ml$/.test(name));
  assert.deepEqual(
    files.filter((name) => name !== 'kustomization.yaml').toSorted(),
    kustomization.resources.toSorted(),
  );
  const steps = readFileSync(join(root, 'docs/how-to/run-on-kubernetes.md'), 'utf8');
  const made = kustomization.configMapGenerator.map(({ name }) => name);
  for (const template of pods.values()) {
    const containers = containersOf(template);
    const mounted = new Set(containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
    assert.deepEqual([...mounted].toSorted(), template.spec.volumes.map(({ name }) => name).toSorted());
    for (const { configMapRef } of containers.flatMap(({ envFrom = [] }) => envFrom)) {
      assert.ok(made.includes(configMapRef.name), configMapRef.name);
    }
    for (const { env = [], volumeMounts } of containers) {
      for (const { name, value } of env.filter((one) => one.name.endsWith('_FILE'))) {
        assert.ok(
          volumeMounts.some(({ mountPath }) => value.startsWith(`${mountPath}/`)),
          `${name}=${value}`,
        );
      }
    }
    for (const { secret, configMap } of template.spec.volumes) {
      if (secret !== undefined) assert.ok(steps.includes(`create secret generic ${secret.secretName} `));
      if (configMap !== undefined) assert.ok(steps.includes(`{ name: ${configMap.name}, files:`));
    }
  }
});

test('whoever serves never sees the connection of the owner, and the jobs of the owner serve nobody', () => {
  const seesOwner = [...pods.values()].flatMap((template) =>
    containersOf(template).filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === 'owner')),
  );
  assert.deepEqual(
    seesOwner.map(({ command }) => command?.slice(1)),
    [
      ['cli/pi.ts', 'migrate'],
      ['cli/pi.ts', 'upkeep'],
    ],
  );
  const served = all('Service').map(({ spec }) => nameOf(spec.selector));
  assert.ok(!served.includes(nameOf(pods.get('upkeep')?.metadata.labels)));
});

test('a policy lets in only where somebody listens', () => {
  for (const { spec, metadata } of all('NetworkPolicy')) {
    const name = nameOf(spec.podSelector.matchLabels);
    const open = pods.get(name ?? '')?.spec.containers[0].ports?.map(({ containerPort }) => containerPort);
    for (const { ports = [] } of spec.ingress ?? []) {
      for (const { port } of ports) assert.ok(open?.includes(Number(port)), `${metadata.name} ${port}`);
    }
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
    'upkeep → pi-gateway/database 5432',
  ]);
});
