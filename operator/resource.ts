import type { KubeObject } from '#kit/kube/object.ts';

/** A manifest of Dapr's group as the API server gave it; what the schema does not promise is looked at with care. */
export type DaprResource = KubeObject & {
  spec?: Record<string, unknown>;
  auth?: { secretStore?: string };
  scopes?: readonly string[] | null;
  status?: unknown;
};

/** A setting: given in place, or held by a secret. */
export type Pair = { name?: string; value?: unknown; secretKeyRef?: { name?: string; key?: string } };

/** Whether an app may use it: no scopes admit every app. */
export function admits(resource: DaprResource, appId: string): boolean {
  const { scopes } = resource;
  return !scopes?.length || scopes.includes(appId);
}

/** Whether two states of an object differ for a sidecar: status and bookkeeping do not count. */
export function differs(before: DaprResource, after: DaprResource): boolean {
  const [a, b] = [before.metadata, after.metadata];
  if (!a.generation || !b.generation || a.uid !== b.uid) return true;
  return (
    a.generation !== b.generation ||
    JSON.stringify([a.labels, a.annotations]) !== JSON.stringify([b.labels, b.annotations])
  );
}
