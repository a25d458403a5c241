import type { Kind as ResourceKind } from '#crds/kind.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Relisted, Resource, ResourceChange, ResourceSource } from './source.ts';

export type ReloadOptions<T extends Resource> = {
  kind: ResourceKind<T>;
  source: Pick<ResourceSource, 'relist' | 'watch'>;
  /**
   * Makes what is in use agree with the list. `retry` asks for what failed before to be tried again; answering false
   * says that something failed, which brings a retry after a growing pause.
   */
  apply(list: Relisted<T>, retry: boolean): Promise<boolean>;
  /** Pause between comparisons that no change asked for, in milliseconds. */
  everyMs: number;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
};

const firstRetryMs = 1_000;

/**
 * Keeps the resources of a kind in step with their source until the signal fires: after every change, and now and then
 * by a whole list. One list is applied at a time.
 */
export function startReload<T extends Resource>(options: ReloadOptions<T>): void {
  const { kind, source, everyMs, clock, log, signal } = options;
  const changes: (ResourceChange<T> | 'list' | 'retry')[] = [];
  let last: Relisted<T> | undefined;
  let running = false;
  let failures = 0;

  const round = async (): Promise<void> => {
    const batch = changes.splice(0);
    const listAnew = last === undefined || batch.includes('list') || batch.includes('retry');
    last = listAnew ? await source.relist(kind) : { ...last!, resources: merged(last!.resources, batch) };
    const allWell = await options.apply(last, batch.includes('retry'));
    failures = allWell ? 0 : failures + 1;
    if (failures > 0) later(Math.min(firstRetryMs * 2 ** (failures - 1), everyMs));
  };
  const later = (ms: number): void => {
    void clock.pause(ms, signal).then(() => changed('retry'));
  };
  const changed = (change: ResourceChange<T> | 'list' | 'retry'): void => {
    changes.push(change);
    if (!running) void drain();
  };
  const drain = async (): Promise<void> => {
    running = true;
    while (changes.length > 0 && !signal.aborted) {
      try {
        await round();
      } catch (thrown) {
        if (!signal.aborted) log.warn(`Could not reload ${kind.plural}: ${toFault(thrown).message}`);
      }
    }
    running = false;
  };

  log.info(`Starting to watch ${kind.kind} updates`);
  source.watch(kind, (change) => changed(change ?? 'list'), signal);
  void (async () => {
    for (;;) {
      await clock.pause(everyMs, signal);
      if (signal.aborted) return;
      log.debug(`Running scheduled ${kind.kind} reconcile`);
      changed('list');
    }
  })();
}

/** A list with changes made to it, by name, in order. */
function merged<T extends Resource>(resources: readonly T[], changes: readonly (ResourceChange<T> | string)[]): T[] {
  const byName = new Map(resources.map((resource) => [resource.metadata.name, resource]));
  for (const change of changes) {
    if (typeof change === 'string') continue;
    const { name } = change.resource.metadata;
    if (change.type === 'delete') byName.delete(name);
    else byName.set(name, change.resource);
  }
  return [...byName.values()];
}
