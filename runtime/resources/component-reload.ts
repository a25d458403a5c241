import type { Component } from '#crds/component.ts';
import { type Fault, fault, toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Loaded } from '../registry.ts';
import { logName, refuseDuplicates } from './component-names.ts';
import type { ComponentLoader } from './components.ts';
import type { Relisted } from './source.ts';

export type ComponentReloadOptions = {
  loader: Pick<ComponentLoader, 'load' | 'unload'>;
  /** Closes what is out of use, once nothing is under way on it. */
  retire(former: Loaded): void;
  /** Those loaded, or tried, at the start. */
  initial: readonly Component[];
  /** Whether one of the initial ones was opened. */
  isOpen(component: Component): boolean;
  /** Those of a list that are meant for this sidecar. */
  wanted(all: readonly Component[]): readonly Component[];
  /** Told why a new version does not serve, where the one before it does. */
  report(component: Component, problem: Fault): void;
  /** Told of a component that is gone. */
  forget(name: string): void;
  /** Ends the sidecar: a component that must be there cannot be opened. */
  fail(problem: Fault): void;
  log: Logger;
};

/** A component as last tried, and what serves in its name: none, itself, or the version before it. */
type Known = { tried: Component; serving: Component | undefined };

/**
 * Brings the open components in step with a list. A new version is opened before the old one is retired; one that
 * cannot be opened leaves the old one of its type serving, and is tried again. An unchanged one is left alone. An actor
 * state store is never replaced while actors rely on it. Answers whether all are open.
 */
export function componentReload(
  options: ComponentReloadOptions,
): (list: Relisted<Component>, retry: boolean) => Promise<boolean> {
  const { wanted, forget, log } = options;
  const known = new Map<string, Known>(
    options.initial.map((component) => {
      const serving = options.isOpen(component) ? component : undefined;
      return [component.metadata.name, { tried: component, serving }];
    }),
  );
  /** Closes what is not there any more. */
  const removeGone = (next: ReadonlyMap<string, Component>): void => {
    for (const [name, { serving, tried }] of known) {
      if (next.has(name)) continue;
      if (isActorStore(tried)) {
        logActorStore(tried, log);
        continue;
      }
      log.info(`Component removed: ${logName(tried)}`);
      if (serving) takeOut(options, serving);
      known.delete(name);
      forget(name);
    }
  };
  const take = async (component: Component, retry: boolean): Promise<void> => {
    const before = known.get(component.metadata.name);
    const failed = before !== undefined && before.serving !== before.tried;
    if (before && isSame(before.tried, component) && !(retry && failed)) return;
    if (isActorStore(component) || (before && isActorStore(before.tried))) return logActorStore(component, log);
    known.set(component.metadata.name, { tried: component, serving: await replace(options, before, component) });
  };
  return async ({ resources, complete }, retry) => {
    if (hasDuplicates(resources, options)) return true;
    const next = new Map(wanted(resources).map((component) => [component.metadata.name, component]));
    if (complete) removeGone(next);
    for (const component of [...next.values()].sort((a, b) => rank(a) - rank(b))) await take(component, retry);
    return [...known.values()].every(({ tried, serving }) => tried === serving);
  };
}

function hasDuplicates(resources: readonly Component[], { fail }: ComponentReloadOptions): boolean {
  try {
    refuseDuplicates(resources, 'failed to load resources from disk');
    return false;
  } catch (thrown) {
    fail(toFault(thrown));
    return true;
  }
}

function takeOut({ loader, retire }: ComponentReloadOptions, component: Component): void {
  const former = loader.unload(component);
  if (former) retire(former);
}

/** Opens a version; answers what serves in its name from now on. */
async function replace(
  options: ComponentReloadOptions,
  before: Known | undefined,
  component: Component,
): Promise<Component | undefined> {
  const { loader, retire, log, fail } = options;
  const old = before?.serving;
  if (old) log.info(`Closing existing Component to reload: ${logName(old)}`);
  try {
    const former = await loader.load(component);
    if (former) retire(former);
    if (old && categoryOf(old) !== categoryOf(component)) takeOut(options, old);
    log.info(`Component updated: ${logName(component)}`);
    return component;
  } catch (thrown) {
    if (old && typeOf(old) === typeOf(component)) {
      log.error(`The new version of ${logName(component)} cannot be opened; the one before it goes on serving`);
      const reason = toFault((thrown as Error).cause ?? thrown).message;
      options.report(component, fault('component-init', `${reason}; the version before it goes on serving`));
      return old;
    }
    if (old) takeOut(options, old);
    const words = `process component ${component.metadata.name} error: ${toFault(thrown).message}`;
    if (component.spec.ignoreErrors) log.error(`Ignoring error processing component: ${words}`);
    else {
      log.warn(`Error processing component, daprd will exit gracefully: ${words}`);
      fail(fault('component-init', words, { cause: thrown }));
    }
    return undefined;
  }
}

const typeOf = ({ spec }: Component): string => spec.type.toLowerCase();
const categoryOf = (component: Component): string => typeOf(component).split('.')[0]!;
const rank = (component: Component): number => (categoryOf(component) === 'secretstores' ? 0 : 1);

const isActorStore = (component: Component): boolean =>
  categoryOf(component) === 'state' &&
  component.spec.metadata.some(({ name }) => name.toLowerCase() === 'actorstatestore');

const logActorStore = (component: Component, log: Logger): void =>
  log.error(
    `Aborting to hot-reload a state store component that is used as an actor state store: ${logName(component)}`,
  );

/** Whether two manifests open the same: status, labels and versions of the object do not count, resolved secrets do. */
function isSame(a: Component, b: Component): boolean {
  const view = ({ spec, auth, scopes, metadata }: Component) =>
    JSON.stringify([spec, auth ?? null, scopes, metadata.annotations?.['outrigger.dev/host'] ?? null]);
  return view(a) === view(b);
}
