import type { z } from 'zod';
import type { Logger } from '#kit/log/logger.ts';
import { parseSettings } from './settings.ts';

/** String pairs of a manifest, a request or a response, as Dapr calls them everywhere. */
export type Metadata = Readonly<Record<string, string>>;

/** Kinds of component, as the first word of a type says. */
export type ComponentKind =
  | 'state'
  | 'pubsub'
  | 'bindings'
  | 'secretstores'
  | 'configuration'
  | 'lock'
  | 'crypto'
  | 'conversation'
  | 'nameresolution'
  | 'middleware';

/** What a component gets besides its settings. */
export type OpenContext = {
  /** metadata.name of the Component resource. */
  name: string;
  log: Logger;
  /** Aborts when the component shall stop: what waits in `open` may give up then. What `open` gave is closed by it. */
  signal: AbortSignal;
  /** The environment of the process that hosts it. */
  env: Readonly<Record<string, string | undefined>>;
};

/**
 * A component, defined once: what it is called, how it is set up, and how it is opened. Where it runs is decided
 * elsewhere. `open` resolves when the component works; it rejects with a `Fault` that names what to mend.
 */
export type Component<S extends z.ZodObject = z.ZodObject, T extends AsyncDisposable = AsyncDisposable> = {
  readonly type: `${ComponentKind}.${string}`;
  /** Other types which mean the same, from older manifests. */
  readonly aliases?: readonly `${ComponentKind}.${string}`[];
  /** The first is the current one; an empty version in a manifest means `v1`. */
  readonly versions: readonly [string, ...string[]];
  readonly title: string;
  /** One or two sentences: what it is good for, and what to know before choosing it. */
  readonly description: string;
  /** Metadata name → type; build its fields with settings.ts. */
  readonly settings: S;
  open(settings: z.output<S>, context: OpenContext): Promise<T>;
};

/** Checks the types of a component and returns it. */
export function defineComponent<S extends z.ZodObject, T extends AsyncDisposable>(
  component: Component<S, T>,
): Component<S, T> {
  return component;
}

/**
 * Parses a manifest's metadata, warns of names that look misspelt, and opens the component. The object is disposed of
 * once, by its owner or by the signal, whichever is first; also one that opens after the signal has fired.
 */
export async function openComponent<S extends z.ZodObject, T extends AsyncDisposable>(
  component: Component<S, T>,
  metadata: Metadata,
  context: OpenContext,
): Promise<T> {
  const { settings, unknown } = parseSettings(component.type, component.settings, metadata);
  for (const { name, meant } of unknown) {
    if (meant !== undefined) {
      context.log.warn(
        `component ${context.name} (${component.type}): metadata "${name}" is unknown; did you mean "${meant}"?`,
      );
    }
  }
  return closedBy(await component.open(settings, context), context);
}

function closedBy<T extends AsyncDisposable>(object: T, { name, log, signal }: OpenContext): T {
  const dispose = object[Symbol.asyncDispose].bind(object);
  let closed: PromiseLike<void> | undefined;
  const close = (): PromiseLike<void> => {
    signal.removeEventListener('abort', closeNow);
    closed ??= dispose();
    return closed;
  };
  const closeNow = (): void => {
    close().then(undefined, (error: Error) => log.debug(`component ${name} did not close well: ${error.message}`));
  };
  if (signal.aborted) closeNow();
  else signal.addEventListener('abort', closeNow);
  return Object.assign(object, { [Symbol.asyncDispose]: close });
}
