import type { Component } from '#crds/component.ts';
import { valueText } from '#crds/name-value.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatDuration, parseDuration } from '#kit/values/duration.ts';
import type { Kind } from '../blocks/kind.ts';
import { secretKind } from '../blocks/secrets/kind.ts';
import type { HostContext, HostedComponent, HostName } from '../hosts/host.ts';
import type { Guard, Loaded, Observe, Registry } from '../registry.ts';
import { logName } from './component-names.ts';
import { missingStore, resolveSettings, type SettingsWorld } from './settings.ts';

export type LoaderOptions = {
  kinds: readonly Kind[];
  registry: Registry;
  world: Omit<SettingsWorld, 'secretStore'>;
  /** For the key prefix `namespace`; empty where the environment names none. */
  keyNamespace: string;
  open(spec: HostedComponent, context: Omit<HostContext, 'sockets'>): Promise<AsyncDisposable>;
  /** The component's resiliency policy; undefined when it has none. */
  guard(kind: Kind, name: string): Guard | undefined;
  /** Its metrics; undefined when they are off. */
  observe(kind: Kind, name: string): Observe | undefined;
  /** Told how each load ended. */
  report(component: Component, problem: Error | undefined): void;
  log: Logger;
  signal: AbortSignal;
};

export type ComponentLoader = {
  /**
   * Loads components, secret stores first, each after the store its secrets are in. Throws where one fails that does
   * not say `ignoreErrors`. Those whose store never comes are logged and left out.
   */
  loadAll(components: readonly Component[]): Promise<void>;
  /** Opens one and puts it in place of a former one of its kind and name, which it answers, still open. */
  load(component: Component): Promise<Loaded | undefined>;
  /** Takes one out of use; answers it, still open. */
  unload(component: Component): Loaded | undefined;
};

const defaultInitTimeoutMs = 5_000;

/** Puts what it loads into the registry; secrets are read from the stores that are there by then. */
export function createComponentLoader(options: LoaderOptions): ComponentLoader {
  const { registry, log } = options;
  const world: SettingsWorld = {
    ...options.world,
    secretStore: (name) => registry.of(secretKind).get(name)?.component.store,
  };
  const lacking = (component: Component) => missingStore(component.spec.metadata, ownerOf(component, world), world);
  const loader: ComponentLoader = {
    async loadAll(components) {
      let waiting = [...components].sort((a, b) => rank(a) - rank(b));
      for (let loaded = 1; loaded > 0; ) {
        loaded = 0;
        const still: Component[] = [];
        for (const component of waiting) {
          if (lacking(component) !== undefined) still.push(component);
          else {
            await tolerantly(component, async () => void (await loader.load(component)), log);
            loaded++;
          }
        }
        waiting = still;
      }
      for (const component of waiting) reportWaiting(component, lacking(component)!, options);
    },
    async load(component) {
      const kind = kindOf(component, options.kinds);
      try {
        const former = await open(component, kind, world, options);
        log.info(`Component loaded: ${logName(component)}`);
        options.report(component, undefined);
        return former;
      } catch (thrown) {
        const failure = `[INIT_COMPONENT_FAILURE]: initialization error occurred for ${logName(component)}`;
        const problem = fault('component-init', `${failure}: ${reasonOf(thrown, component)}`, { cause: thrown });
        log.error(`Failed to init component ${logName(component)}: ${problem.message}`);
        options.report(component, problem);
        // Twice, as Dapr says it: tools look for these very words.
        throw fault('component-init', `${failure}: ${problem.message}`, { cause: thrown });
      }
    },
    unload(component) {
      const kind = kindOf(component, options.kinds);
      const loaded = registry.of(kind).get(component.metadata.name);
      registry.remove(kind, component.metadata.name);
      return loaded;
    },
  };
  return loader;
}

/** Without the type that settings' faults begin with: the component's name says it. */
function reasonOf(thrown: unknown, { spec }: Component): string {
  const { message } = toFault(thrown);
  const prefix = `${spec.type}: `;
  return message.toLowerCase().startsWith(prefix.toLowerCase()) ? message.slice(prefix.length) : message;
}

const rank = ({ spec }: Component) => (spec.type.toLowerCase().startsWith('secretstores.') ? 0 : 1);

function kindOf({ spec }: Component, kinds: readonly Kind[]): Kind {
  const category = spec.type.split('.')[0]!.toLowerCase();
  const kind = kinds.find((one) => one.category === category);
  if (kind === undefined || !spec.type.includes('.')) throw fault('invalid-config', `incorrect type ${spec.type}`);
  return kind;
}

async function tolerantly(component: Component, load: () => Promise<void>, log: Logger): Promise<void> {
  try {
    await load();
  } catch (thrown) {
    const words = `process component ${component.metadata.name} error: ${toFault(thrown).message}`;
    if (component.spec.ignoreErrors) {
      log.error(`Ignoring error processing component: ${words}`);
      return;
    }
    log.warn(`Error processing component, daprd will exit gracefully: ${words}`);
    throw fault('component-init', words, { cause: thrown });
  }
}

function reportWaiting(component: Component, store: string, { log, report }: LoaderOptions): void {
  const words = `Component ${component.metadata.name} references a secret store that isn't loaded: ${store}`;
  log.error(`${words}; the component is left out`);
  report(component, fault('component-init', words));
}

function ownerOf({ metadata, auth }: Component, { operatorResolves }: Pick<SettingsWorld, 'operatorResolves'>) {
  return {
    kind: 'Component',
    name: metadata.name,
    namespace: metadata.namespace,
    secretStore: auth?.secretStore || (operatorResolves ? 'kubernetes' : ''),
  };
}

/** Opens one; answers the one it took the place of. */
async function open(
  component: Component,
  kind: Kind,
  world: SettingsWorld,
  options: LoaderOptions,
): Promise<Loaded | undefined> {
  const { registry, signal, log } = options;
  const { name, annotations } = component.metadata;
  const abort = endsWith(signal);
  const ends = abort.signal;
  const { values, secretNames, unread } = await resolveSettings(
    component.spec.metadata,
    ownerOf(component, world),
    world,
    ends,
  );
  for (const [setting, problem] of Object.entries(unread)) log.error(`Component ${name}: ${setting}: ${problem}`);
  const spec: HostedComponent = {
    name,
    type: component.spec.type,
    version: component.spec.version,
    metadata: withDefaults(values, kind.defaults?.(world.appId)),
    host: annotations?.['outrigger.dev/host'] as HostName | undefined,
    annotations,
  };
  const context = { log: log.scoped('dapr.contrib'), signal: ends, env: world.env };
  const object = await within(initTimeoutMs(component, log), logName(component), abort, options.open(spec, context));
  const former = registry.of(kind).get(name);
  registry.add({
    name,
    type: component.spec.type,
    version: component.spec.version || 'v1',
    kind,
    component: kind.bind(object, {
      appId: world.appId,
      namespace: options.keyNamespace,
      name,
      metadata: values,
      secretNames,
      namespaced: component.spec.metadata.some(({ value }) => valueText(value)?.includes('{namespace}')),
    }),
    guard: options.guard(kind, name),
    observe: options.observe(kind, name),
    async close() {
      await object[Symbol.asyncDispose]();
      abort.abort();
    },
  });
  return former;
}

/** A controller whose signal fires with another one too; cheaper than AbortSignal.any. */
function endsWith(signal: AbortSignal): AbortController {
  const abort = new AbortController();
  const end = (): void => abort.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  abort.signal.addEventListener('abort', () => signal.removeEventListener('abort', end), { once: true });
  return abort;
}

/** Settings with defaults for those that are not there, or empty, in any case of letters. */
function withDefaults(values: Record<string, string>, defaults: Readonly<Record<string, string>> = {}) {
  const given = new Set(
    Object.keys(values)
      .filter((name) => values[name]?.trim() !== '')
      .map((name) => name.toLowerCase()),
  );
  const missing = Object.entries(defaults).filter(([name]) => !given.has(name.toLowerCase()));
  return missing.length === 0 ? values : { ...values, ...Object.fromEntries(missing) };
}

/** As in Dapr, one that makes no sense counts as left out. */
function initTimeoutMs({ metadata, spec: { initTimeout } }: Component, log: Logger): number {
  try {
    return (initTimeout && parseDuration(initTimeout)) || defaultInitTimeoutMs;
  } catch (thrown) {
    const instead = formatDuration(defaultInitTimeoutMs);
    log.warn(`Component ${metadata.name}: spec.initTimeout: ${toFault(thrown).message}; ${instead} it is`);
    return defaultInitTimeoutMs;
  }
}

/** Awaits an opening; when it takes too long, ends it and throws. */
async function within<T>(ms: number, name: string, abort: AbortController, opening: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(fault('deadline-exceeded', `init timeout for component ${name} exceeded after ${ms / 1_000}s`));
    abort.abort();
  }, ms);
  try {
    return await Promise.race([opening, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
