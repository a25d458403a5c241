import type { Kind as ResourceKind } from '#crds/kind.ts';

/** The part every resource has. */
export type Resource = {
  metadata: { name: string; namespace?: string | undefined };
  scopes?: readonly string[] | undefined;
};

/** Where resources come from: a folder, or the operator. */
export type ResourceSource = AsyncDisposable & {
  /** All of a kind in this sidecar's namespace, in a stable order; those scoped to other apps may be among them. */
  list<T extends Resource>(kind: ResourceKind<T>): Promise<T[]>;
};

/** Whether a resource is meant for an app: it names none, or this one. */
export function inScope({ scopes = [] }: Resource, appId: string): boolean {
  return scopes.length === 0 || scopes.includes(appId);
}
