import type { ComponentKind } from '#contracts/component.ts';
import type { Fault } from '#kit/errors/fault.ts';
import type { PolicyComponentKind } from '../policy/resiliency/targets.ts';

/** What is known of a component when it is bound. */
export type BindContext = {
  appId: string;
  namespace: string;
  /** `metadata.name` of the Component. */
  name: string;
  /** Its `spec.metadata`, secrets resolved. */
  metadata: Readonly<Record<string, string>>;
  /** Whether `{namespace}` stands in any of its metadata. */
  namespaced: boolean;
  /** Name of the secret each metadata item came from, for those that came from one. */
  secretNames: Readonly<Record<string, string>>;
};

/**
 * A kind of component as the runtime's operations use it. `C` is what handlers get in `context.component`: the opened
 * object with all that the Component's metadata says about its use (key prefix, scopes, encryption).
 */
export type Kind<C = unknown> = {
  /** First word of its types. */
  readonly category: ComponentKind;
  /** Label in metric names: `dapr_component_<metric>_count`. Undefined: calls are counted where they are made. */
  readonly metric: string | undefined;
  /** Word in the names of default resiliency policies: `Default<policy>ComponentOutbound…`. */
  readonly policy: PolicyComponentKind;
  /** Settings that the runtime fills in where the Component leaves them out. */
  defaults?(appId: string): Readonly<Record<string, string>>;
  /** Wraps an opened object. Throws `invalid-metadata` where the metadata is wrong. */
  bind(object: AsyncDisposable, context: BindContext): C;
  /** Shown by the metadata API, in this order. */
  capabilities(component: C): readonly string[];
  /** The fault when a request names a component there is none of; `any`: whether the app has others of the kind. */
  absent(name: string, any: boolean, appId: string): Fault;
};

/** Checks the types of a kind. `T` is the contract's interface. */
export function defineKind<T extends AsyncDisposable, C>(
  kind: Omit<Kind<C>, 'bind'> & { bind(object: T, context: BindContext): C },
): Kind<C> {
  return kind as Kind<C>;
}
