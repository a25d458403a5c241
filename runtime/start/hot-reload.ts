import { type Component, component } from '#crds/component.ts';
import type { Configuration } from '#crds/configuration.ts';
import { type HTTPEndpoint, httpEndpoint } from '#crds/http-endpoint.ts';
import type { Kind as ResourceKind } from '#crds/kind.ts';
import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { type Subscription, subscription } from '#crds/subscription.ts';
import { toFault } from '#kit/errors/fault.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type BoundBinding, bindingKind } from '../blocks/bindings/kind.ts';
import { configurationKind } from '../blocks/configuration/kind.ts';
import type { Kind } from '../blocks/kind.ts';
import { type BoundPubSub, pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Policies } from '../policy/guards.ts';
import { decodeResiliency } from '../policy/resiliency/decode.ts';
import { builtInTables } from '../policy/resiliency/resolve.ts';
import type { Loaded, Registry } from '../registry.ts';
import { componentReload } from '../resources/component-reload.ts';
import { keepFormer } from '../resources/keep-former.ts';
import { type ReloadOptions, startReload } from '../resources/reload.ts';
import type { Resource } from '../resources/source.ts';
import type { Stopping } from '../shutdown.ts';
import { fromManifest } from '../subscriptions/declared.ts';
import type { Calls } from './calls.ts';
import type { ComponentsStarted } from './components.ts';
import { checkEndpoint, endpointSettings } from './endpoints.ts';
import type { Foundation } from './foundation.ts';
import type { Inputs } from './inputs.ts';
import type { Resources } from './resources.ts';

export type HotReloadStart = {
  base: Foundation;
  policies: Policies;
  components: ComponentsStarted;
  calls: Pick<Calls, 'endpoints'>;
  inputs: Inputs;
  ending: Pick<Stopping, 'reload' | 'fail'>;
};

/** Calls that were under way when a component went out of use have so long. */
const lingerMs = 5_000;

/** The feature that turns it off. */
export const hotReloadFeature = 'HotReload';

/**
 * Keeps what is in use in step with files or operator: Components, HTTPEndpoints and Resiliency policies in place, a
 * changed Configuration by starting again within the process.
 */
export function startHotReload(start: HotReloadStart): void {
  const { base, ending } = start;
  const { config, resources, log, signal } = base;
  const common = { source: resources.source, everyMs: config.reconcileIntervalMs, clock: systemClock, log, signal };
  startReload({ ...common, kind: component, apply: componentsIn(start) });
  startReload({ ...common, kind: subscription, apply: subscriptionsIn(start) });
  startReload({ ...common, kind: httpEndpoint, apply: endpointsIn(start) });
  startReload({ ...common, kind: resiliency, apply: policiesIn(start) });
  resources.watchConfiguration(() => void restartIfChanged(resources, ending, log));
}

type Apply<T extends Resource> = ReloadOptions<T>['apply'];

/** Puts Components in use, and what hangs on them in step. */
function componentsIn(start: HotReloadStart): Apply<Component> {
  const { base, components, inputs, ending } = start;
  const { resources, log } = base;
  const { registry } = components;
  const apply = componentReload({
    ...components,
    retire: (former) => void retire(former, start),
    report: resources.report,
    isOpen: ({ metadata, spec }) => registry.all().some((one) => one.name === metadata.name && one.type === spec.type),
    forget: resources.forget,
    fail: ending.fail,
    log,
  });
  return async (list, retry) => {
    const pubsubs = openOf(registry, pubsubKind);
    const stores = openOf(registry, configurationKind);
    const allWell = await apply(list, retry);
    const replaced = changedNames(pubsubs, openOf(registry, pubsubKind));
    await inputs.subscriptions.follow(replaced);
    await inputs.bindings.follow();
    await inputs.items.subscriptions.reopen(changedNames(stores, openOf(registry, configurationKind)));
    return allWell;
  };
}

function subscriptionsIn(start: HotReloadStart): Apply<Subscription> {
  const good = kept(start, subscription, async (manifest) => void (await fromManifest(manifest)));
  return whenChanged(async (list) => {
    await start.inputs.subscriptions.replace((await good(list)).resources);
    return true;
  });
}

function endpointsIn(start: HotReloadStart): Apply<HTTPEndpoint> {
  const { base, components, calls } = start;
  const { config, log, signal } = base;
  const secrets = { config, registry: components.registry, log, signal };
  const good = kept(start, httpEndpoint, (resource) => checkEndpoint(secrets, resource));
  return whenChanged(async (list) => {
    const { resources, allWell } = await good(list);
    calls.endpoints.replace(await endpointSettings(secrets, resources));
    return allWell;
  });
}

function policiesIn(start: HotReloadStart): Apply<Resiliency> {
  const { policies, components } = start;
  const { registry } = components;
  const good = kept(start, resiliency, ({ spec }) => decodeResiliency(spec, builtInTables(), () => {}));
  return whenChanged(async (list) => {
    await policies.replace((await good(list)).resources);
    for (const loaded of registry.all())
      registry.add({ ...loaded, guard: policies.componentGuard(loaded.kind, loaded.name) });
    return true;
  });
}

/** Keeps the former version in use of what makes no sense, and says so in its status. */
const kept = <T extends Resource>(
  start: HotReloadStart,
  kind: ResourceKind<T>,
  check: (resource: T) => Promise<void> | void,
) =>
  keepFormer({
    kind: kind.kind,
    check,
    begun: begunWith(start, kind),
    told: (problems) => start.base.resources.problems(kind.kind, problems),
    log: start.base.log,
  });

/**
 * Closes a component that is out of use: nothing comes in from it from now on, what has is finished, and calls under way
 * end on it in peace.
 */
async function retire(former: Loaded, { base, inputs }: HotReloadStart): Promise<void> {
  const { log, signal } = base;
  const { subscriptions, bindings } = inputs;
  try {
    if (former.kind === pubsubKind) await subscriptions.leave(former.component as BoundPubSub);
    if (former.kind === bindingKind) await bindings.leave(former.component as BoundBinding);
    await systemClock.pause(lingerMs, signal);
    await former.close();
  } catch (thrown) {
    log.warn(`The former component ${former.name} did not close well: ${toFault(thrown).message}`);
  }
}

/** What files held at the start; the operator's first list comes by itself. */
async function begunWith<T extends Resource>({ base }: HotReloadStart, kind: ResourceKind<T>): Promise<readonly T[]> {
  if (base.config.mode === 'kubernetes') return [];
  return (await base.resources.source.relist(kind).catch(() => ({ resources: [] }))).resources;
}

/** The components of a kind by name, to tell one instance from the next. */
const openOf = (registry: Registry, kind: Kind): Map<string, unknown> =>
  new Map([...registry.of(kind)].map(([name, loaded]) => [name, loaded.component]));

const changedNames = (before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Set<string> =>
  new Set([...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name)));

/** Applies a list of which something is other than in the last one that went well. */
function whenChanged<T>(apply: (resources: readonly T[]) => Promise<boolean>) {
  let last: string | undefined;
  return async ({ resources, complete }: { resources: readonly T[]; complete: boolean }): Promise<boolean> => {
    const now = JSON.stringify(resources.map((resource) => comparable(resource)));
    if (now === last || !complete) return true;
    const allWell = await apply(resources);
    last = allWell ? now : undefined;
    return allWell;
  };
}

function comparable(resource: unknown): unknown {
  const { metadata, status: _, ...rest } = resource as { metadata: { name: string }; status?: unknown };
  return { name: metadata.name, ...rest };
}

/** A Configuration that cannot be read leaves the one in use; so does one that is the same. */
async function restartIfChanged(
  { configuration, readConfiguration }: Pick<Resources, 'configuration' | 'readConfiguration'>,
  ending: Pick<Stopping, 'reload'>,
  log: Logger,
): Promise<void> {
  try {
    const next = await readConfiguration();
    if (same(next, configuration)) return;
    log.info(`Received Configuration UPDATED event: ${next.metadata.name} - triggering SIGHUP reload`);
    ending.reload();
  } catch (thrown) {
    log.error(`The changed Configuration is not taken into use: ${toFault(thrown).message}`);
  }
}

const same = (a: Configuration, b: Configuration): boolean => JSON.stringify(a.spec) === JSON.stringify(b.spec);
