import type { Condition } from '#crds/metav1.ts';
import { Fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { Resource } from '#kit/kube/resource.ts';
import type { DaprResource } from '../resource.ts';
import { conditionsOf, type Finding } from './condition.ts';

type Status = { observedGeneration?: number; conditions?: Condition[] } & Record<string, unknown>;

/** Writes what was found about an object into its status, if that is news. Says whether it was. */
export async function writeStatus(
  client: Pick<KubeClient, 'patch'>,
  kind: Resource,
  resource: DaprResource,
  findings: readonly Finding[],
  more: Readonly<Record<string, unknown>>,
  now: Date,
): Promise<boolean> {
  const { namespace = '', name = '', generation } = resource.metadata;
  const before = (resource.status ?? {}) as Status;
  const conditions = conditionsOf(findings, before.conditions ?? [], generation, now);
  const status = { ...more, conditions, ...(generation === undefined ? {} : { observedGeneration: generation }) };
  const news = Object.entries(status).some(([key, value]) => !same(value ?? undefined, before[key]));
  if (!news) return false;
  try {
    const patch = { type: 'merge', body: { status } } as const;
    await client.patch(kind, { namespace, name, subresource: 'status' }, patch);
    return true;
  } catch (thrown) {
    // The object went meanwhile, or its CustomResourceDefinition is an older one without a status.
    if (thrown instanceof Fault && thrown.key === 'not-found') return false;
    throw thrown;
  }
}

/** Equal whatever the order of keys, which the API server does not keep. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sortKeys) === JSON.stringify(b, sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
