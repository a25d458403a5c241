import { toFault } from '#kit/errors/fault.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { KubeClient, ListOptions } from './client.ts';
import { listAll } from './list-all.ts';
import { type InformerMetrics, noInformerMetrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import { type Change, type ObjectStore, objectStore, type Transform, withoutManagedFields } from './object-store.ts';
import type { Resource } from './resource.ts';
import { stallGuard } from './stall-guard.ts';

export type InformerOptions<T> = {
  client: Pick<KubeClient, 'list' | 'watch'>;
  resource: Resource;
  /** What to watch; an absent or empty namespace watches every one. */
  selection?: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'>;
  /** What is kept of an object; by default all but managedFields. */
  transform?: Transform<T>;
  log: Logger;
  metrics?: InformerMetrics;
  signal: AbortSignal;
  clock?: Clock;
  timing?: Partial<InformerTiming>;
  /** 0 to 1: spreads what many processes would do at the same time. */
  random?: () => number;
};

/** All in milliseconds. */
export type InformerTiming = {
  /** Neither event nor bookmark for so long: the watch is opened anew. API servers send a bookmark about once a minute. */
  stallMs: number;
  /** Pause between comparisons of the store with a fresh list. */
  verifyMs: number;
  /** How long a watch may lag behind a list before what it lacks counts as missed. */
  lagMs: number;
  /** First and longest pause after a failure. */
  retryMs: number;
  maxRetryMs: number;
  /** Pause after a watch that ended at once, or before listing again where the server gives no version to go on from. */
  shortWatchMs: number;
  /** Pause before asking again for a kind that the server does not have. */
  absentMs: number;
};

const defaults: InformerTiming = {
  stallMs: 150_000,
  verifyMs: 600_000,
  lagMs: 10_000,
  retryMs: 250,
  maxRetryMs: 30_000,
  shortWatchMs: 400,
  absentMs: 30_000,
};

/** The objects of one kind, kept up to date whatever happens to the watch. */
export type Informer<T> = AsyncDisposable &
  Pick<ObjectStore<T>, 'get' | 'list' | 'size'> & {
    /** Resolves once the first list is in the store, the server turned out not to have the kind, or all is over. */
    synced: Promise<void>;
    isSynced(): boolean;
    /** Tells of every change from now on, those of the first list included; the answer ends it. Listeners must not throw. */
    subscribe(listener: (change: Change<T>) => void): () => void;
  };

/**
 * Lists and watches until its signal fires. It cannot go silent: any failure lists again, at once and then with a
 * growing pause; a closed watch goes on from the last version or lists again where there is none; a watch that tells
 * nothing is dropped; a fresh list is compared now and then, and what the watch never told counts as missed.
 */
export function startInformer<T = KubeObject>(options: InformerOptions<T>): Informer<T> {
  const store = objectStore<T>(options.transform ?? (withoutManagedFields as Transform<T>));
  const listeners = new Set<(change: Change<T>) => void>();
  const synced = Promise.withResolvers<void>();
  const own = new AbortController();
  let isSynced = false;
  const running = run({
    ...options,
    selection: options.selection ?? {},
    metrics: options.metrics ?? noInformerMetrics,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    timing: { ...defaults, ...options.timing },
    signal: AbortSignal.any([options.signal, own.signal]),
    store,
    failures: 0,
    emit(change) {
      if (change) for (const listener of listeners) listener(change);
    },
    markSynced() {
      isSynced = true;
      synced.resolve();
    },
  }).finally(() => synced.resolve());
  return {
    get: store.get,
    list: store.list,
    get size() {
      return store.size;
    },
    synced: synced.promise,
    isSynced: () => isSynced,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      own.abort();
      await running;
    },
  };
}

/** The running informer: what was asked for, its store, and how often it failed in a row. */
type Loop<T> = Required<Omit<InformerOptions<T>, 'transform' | 'timing'>> & {
  timing: InformerTiming;
  store: ObjectStore<T>;
  failures: number;
  emit(change: Change<T> | undefined): void;
  markSynced(): void;
};

async function run<T>(loop: Loop<T>): Promise<void> {
  while (!loop.signal.aborted) {
    try {
      const { items, version } = await freshList(loop);
      loop.store.replace(items).forEach(loop.emit);
      loop.metrics.objects(loop.store.size);
      loop.markSynced();
      await follow(loop, version);
    } catch (thrown) {
      if (!loop.signal.aborted) await recover(loop, thrown);
    }
  }
}

const freshList = <T>({ client, resource, selection, signal, metrics }: Loop<T>) =>
  listAll(client, resource, selection, signal, metrics.relist);

/** Watches from a version for as long as it is any good; returns when it is time to list again. */
async function follow<T>(loop: Loop<T>, from: string): Promise<void> {
  const round = new AbortController();
  const stop = AbortSignal.any([loop.signal, round.signal]);
  const verifying = verify(loop, stop).finally(() => round.abort());
  try {
    for (let version = from; !stop.aborted; ) {
      const began = loop.clock.now();
      version = await watchOnce(loop, version, stop);
      const short = loop.clock.now() - began < 1_000;
      if (!short) loop.failures = 0;
      if (short || version === '') await loop.clock.pause(loop.timing.shortWatchMs, stop);
      if (version === '') return;
    }
  } catch (thrown) {
    if (!round.signal.aborted) throw thrown;
  } finally {
    round.abort();
    await verifying;
  }
}

/** One watch, until the server ends it or it stalls; answers the last version heard. */
async function watchOnce<T>(loop: Loop<T>, from: string, stop: AbortSignal): Promise<string> {
  const { clock, timing, metrics, store, log, resource } = loop;
  await using guard = stallGuard(clock, timing.stallMs, stop);
  const timeoutSeconds = Math.round(300 + 300 * loop.random());
  const asked = { ...loop.selection, heard: guard.heard, timeoutSeconds, ...(from && { resourceVersion: from }) };
  let version = from;
  try {
    for await (const event of loop.client.watch(resource, asked, guard.signal)) {
      loop.failures = 0;
      version = event.object.metadata.resourceVersion || version;
      if (event.type === 'BOOKMARK') continue;
      metrics.event();
      loop.emit(store.apply(event));
      metrics.objects(store.size);
    }
  } catch (thrown) {
    if (!guard.stalled()) throw thrown;
    metrics.stall();
    log.warn(`Heard nothing of ${resource.plural} for ${timing.stallMs / 1_000} s; watching anew`);
  }
  return version;
}

/** Compares a fresh list with the store now and then; returns when the watch turns out to have kept something back. */
async function verify<T>(loop: Loop<T>, stop: AbortSignal): Promise<void> {
  const { clock, timing, store, metrics, log, resource, random } = loop;
  while (!stop.aborted) {
    await clock.pause(timing.verifyMs * (0.8 + 0.4 * random()), stop);
    const suspects = stop.aborted ? undefined : await differences(loop);
    if (!suspects?.size) continue;
    await clock.pause(timing.lagMs, stop);
    const still = stop.aborted ? undefined : await differences(loop);
    const missed = [...suspects].filter(([key, was]) => still?.get(key) === was && store.version(key) === was);
    if (missed.length === 0) continue;
    metrics.missed(missed.length);
    log.warn(
      `The watch of ${resource.plural} kept back ${missed.length} changes, one of ${missed[0]![0]}; listing again`,
    );
    return;
  }
}

/** None where the list failed: the watch, which would fail too, sees to that. */
const differences = <T>(loop: Loop<T>): Promise<Map<string, string>> =>
  freshList(loop).then(
    ({ items }) => loop.store.differences(items),
    () => new Map(),
  );

async function recover<T>(loop: Loop<T>, thrown: unknown): Promise<void> {
  const { clock, timing, signal, log, resource, metrics, random } = loop;
  const problem = toFault(thrown);
  metrics.restart();
  if (problem.key === 'not-found') {
    log.debug(`The API server has no ${resource.plural}; asking again in ${timing.absentMs / 1_000} s`);
    loop.store.replace([]).forEach(loop.emit);
    loop.markSynced();
    return clock.pause(timing.absentMs, signal);
  }
  const atOnce = problem.key === 'gone' && loop.failures === 0;
  const pause = atOnce ? 0 : Math.min(timing.retryMs * 2 ** loop.failures, timing.maxRetryMs) * (0.5 + random() / 2);
  loop.failures += 1;
  log.warn(`Lost track of ${resource.plural}, listing again in ${Math.round(pause)} ms: ${problem.message}`);
  return clock.pause(pause, signal);
}
