// What Kubernetes would refuse or pass over in a manifest, by the API's own published schemas. Those let keys through that
// they do not know; but they look at each key that they know, so what they never looked at is unknown.

import { validate as isDeployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as isScaler } from 'kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler';
import { validate as isCronJob } from 'kubernetes-models/_schemas/IoK8sApiBatchV1CronJob';
import { validate as isNamespace } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Namespace';
import { validate as isService } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { validate as isNetworkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy';
import { validate as isDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget';

type Fault = { readonly instancePath: string; readonly message?: string; readonly keyword: string };
type Validate = ((manifest: unknown) => boolean) & { readonly errors?: readonly Fault[] | null };

const schemas: Readonly<Record<string, Validate>> = {
  'v1 Namespace': isNamespace,
  'v1 Service': isService,
  'apps/v1 Deployment': isDeployment,
  'autoscaling/v2 HorizontalPodAutoscaler': isScaler,
  'batch/v1 CronJob': isCronJob,
  'networking.k8s.io/v1 NetworkPolicy': isNetworkPolicy,
  'policy/v1 PodDisruptionBudget': isDisruptionBudget,
};

/** One line a fault, each with the path to it; none when the manifest is sound. */
export function findFaults(manifest: unknown): string[] {
  const { apiVersion, kind } = manifest as { readonly apiVersion?: unknown; readonly kind?: unknown };
  const validate = schemas[`${String(apiVersion)} ${String(kind)}`];
  if (validate === undefined) return [`no schema of ${String(apiVersion)} ${String(kind)}`];
  const unread = new Set<string>();
  const isSound = validate(watchReads(manifest, '', unread));
  const wrong = isSound ? [] : (validate.errors ?? []);
  return [
    ...wrong.map(({ instancePath, keyword }) => `${instancePath}: against the schema (${keyword})`),
    ...[...unread].map((path) => `${path}: unknown`),
  ];
}

/** The same value; `unread` holds the paths of all in it that nobody has looked at yet. */
function watchReads(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const parts = new Map(
    Object.entries(value).map(([key, part]) => {
      unread.add(`${path}/${key}`);
      return [key, watchReads(part, `${path}/${key}`, unread)];
    }),
  );
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== 'string' || !parts.has(key)) return Reflect.get(target, key) as unknown;
      unread.delete(`${path}/${key}`);
      return parts.get(key);
    },
  });
}
