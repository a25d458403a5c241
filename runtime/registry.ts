import type { Kind } from './blocks/kind.ts';

/** A component in use. */
export type Loaded<C = unknown> = {
  readonly name: string;
  /** `state.redis`. */
  readonly type: string;
  /** `v1`. */
  readonly version: string;
  readonly kind: Kind<C>;
  /** What handlers get. */
  readonly component: C;
  /** Runs calls of it under its resiliency policy; undefined when it has none. */
  readonly guard: Guard | undefined;
  /** Writes its metrics; undefined when metrics are off. */
  readonly observe: Observe | undefined;
  /** Ends it, wherever it runs. */
  close(): Promise<void>;
};

/**
 * Runs a call as often and as long as a resiliency policy says; each attempt gets its own signal. `statusOf` tells the
 * code of a failure, for policies that retry some codes only; undefined is retried.
 */
export type Guard = <T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  statusOf?: (thrown: unknown) => number | undefined,
) => Promise<T>;

/** Counts one use of a component: label `operation`, whether it went well, and how long it took. */
export type Observe = (action: string, success: boolean, milliseconds: number) => void;

/** The components in use, by kind and name. Reading is one map look-up; names of different kinds do not clash here. */
export type Registry = {
  /** The live map of a kind's components: keep it, it changes as components come and go. */
  of<C>(kind: Kind<C>): ReadonlyMap<string, Loaded<C>>;
  /** In the order they came. */
  all(): Loaded[];
  add(loaded: Loaded): void;
  remove(kind: Pick<Kind, 'category'>, name: string): void;
};

/** An empty registry. */
export function createRegistry(): Registry {
  const byKind = new Map<string, Map<string, Loaded>>();
  const of = (category: string): Map<string, Loaded> => {
    const found = byKind.get(category) ?? new Map<string, Loaded>();
    byKind.set(category, found);
    return found;
  };
  const order: Loaded[] = [];
  const drop = (category: string, name: string) => {
    const at = order.findIndex((one) => one.kind.category === category && one.name === name);
    if (at >= 0) order.splice(at, 1);
    of(category).delete(name);
  };
  return {
    of: <C>(kind: Kind<C>) => of(kind.category) as ReadonlyMap<string, Loaded<C>>,
    all: () => [...order],
    add(loaded) {
      drop(loaded.kind.category, loaded.name);
      of(loaded.kind.category).set(loaded.name, loaded);
      order.push(loaded);
    },
    remove: (kind, name) => drop(kind.category, name),
  };
}
