import type { Kind as ResourceKind } from '#crds/kind.ts';

/** The part every resource has. */
export type Resource = {
  metadata: { name: string; namespace?: string | undefined; generation?: number | undefined };
  scopes?: readonly string[] | undefined;
};

/** Where resources come from: a folder, or the operator. */
export type ResourceSource = AsyncDisposable & {
  /** All of a kind in this sidecar's namespace, in a stable order; those scoped to other apps may be among them. */
  list<T extends Resource>(kind: ResourceKind<T>): Promise<T[]>;
  /** As list, but asks once and says what could not be read, so that nobody takes it for deleted. */
  relist<T extends Resource>(kind: ResourceKind<T>): Promise<Relisted<T>>;
  /**
   * Calls back, until the signal fires, with a change of a resource of a kind, or with nothing where any may have
   * changed.
   */
  watch<T extends Resource>(
    kind: ResourceKind<T>,
    changed: (change?: ResourceChange<T>) => void,
    signal: AbortSignal,
  ): void;
};

export type ResourceChange<T> = { type: 'put' | 'delete'; resource: T };

export type Relisted<T> = {
  resources: T[];
  /** False where something could not be read: then a resource that is not listed may still be there. */
  complete: boolean;
};

/** Whether a resource is meant for an app: it names none, or this one. */
export function inScope({ scopes = [] }: Resource, appId: string): boolean {
  return scopes.length === 0 || scopes.includes(appId);
}
