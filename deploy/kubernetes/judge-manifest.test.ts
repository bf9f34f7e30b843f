import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFaults } from './judge-manifest.ts';
import { kustomization, readManifests } from './read-manifests.ts';

type Deployment = {
  spec: {
    replicas?: unknown;
    strategy: Record<string, unknown>;
    template: {
      spec: {
        containers: [Record<string, unknown> & { resources: { limits: object }; readinessProbe: object }];
        securityContext: Record<string, unknown>;
      };
    };
  };
};
const isAuth = (one: unknown) => {
  const { kind, metadata } = one as { kind: string; metadata: { name: string } };
  return kind === 'Deployment' && metadata.name === 'auth';
};
const auth = readManifests().find(isAuth) as Deployment;

test('every manifest is one that Kubernetes takes and knows every key of', () => {
  const manifests = readManifests();
  assert.ok(manifests.length > 10);
  for (const manifest of manifests) assert.deepEqual(findFaults(manifest), []);
});

const path = '/spec/template/spec/containers/0';
const mistakes: Record<string, [(one: Deployment) => void, string | undefined]> = {
  'nothing changed': [() => undefined, undefined],
  'a misspelt key of a pod': [
    ({ spec }) => (spec.template.spec.securityContext['runAsNonRooot'] = true),
    '/spec/template/spec/securityContext/runAsNonRooot: unknown',
  ],
  'a misspelt key of a container': [
    ({ spec }) => (spec.template.spec.containers[0]['readynessProbe'] = { httpGet: { port: 1 } }),
    `${path}/readynessProbe: unknown`,
  ],
  'a key one level too high': [
    ({ spec }) => (spec.strategy['maxSurge'] = 1),
    '/spec/strategy/maxSurge: unknown',
  ],
  'a number as text': [({ spec }) => (spec.replicas = '2'), '/spec/replicas: against the schema (type)'],
  'an object as a quantity': [
    ({ spec }) => Object.assign(spec.template.spec.containers[0].resources.limits, { memory: {} }),
    `${path}/resources/limits/memory: against the schema (oneOf)`,
  ],
  'a probe without the port that it needs': [
    ({ spec }) => (spec.template.spec.containers[0].readinessProbe = { httpGet: { path: '/readyz' } }),
    `${path}/readinessProbe/httpGet: against the schema (required)`,
  ],
  'a kind that no schema is of': [
    (one) => Object.assign(one, { apiVersion: 'apps/v1beta1' }),
    'no schema of apps/v1beta1 Deployment',
  ],
};
for (const [name, [change, fault]] of Object.entries(mistakes)) {
  test(`judged: ${name}`, () => {
    const changed = structuredClone(auth);
    change(changed);
    const faults = findFaults(changed);
    if (fault === undefined) assert.deepEqual(faults, []);
    else assert.ok(faults.includes(fault), faults.join('\n'));
  });
}

test('the kustomization has only keys of its version', () => {
  // Of kustomize.config.k8s.io/v1beta1; kustomize refuses others.
  const known = ['apiVersion', 'kind', 'namespace', 'resources', 'configMapGenerator', 'labels', 'images'];
  assert.deepEqual(
    Object.keys(kustomization).filter((key) => !known.includes(key)),
    [],
  );
});
