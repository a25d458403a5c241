import { randomUUID } from 'node:crypto';
import type { ConfigurationItems, ConfigurationRequest } from '#contracts/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Loaded, Registry } from '../../registry.ts';
import { type BoundConfigurationStore, configurationKind } from './kind.ts';

/** Which items of which store. */
export type Wish = ConfigurationRequest & { storeName: string };
/** Told of changed items; the next change waits until it resolves. */
export type Heard = (items: ConfigurationItems) => Promise<void>;

/** A subscription to the items of a store. */
export type ConfigurationSubscription = {
  readonly id: string;
  /** Aborts when it was ended, or its store is gone. */
  readonly ended: AbortSignal;
};

/** The subscriptions to configuration items, whoever hears of them. */
export type ConfigurationSubscriptions = {
  /** Throws what the API answers where there is no such store. */
  check(storeName: string): void;
  /** Rejects with `configuration-subscribe`. */
  open(wish: Wish, heard: Heard): Promise<ConfigurationSubscription>;
  /** Whether there was one of that id. */
  end(id: string): boolean;
  /** Opens those on these stores anew, as they are not the same any more; on a store that is gone they end. */
  reopen(stores: ReadonlySet<string>): Promise<void>;
  endAll(): void;
};

type Open = { wish: Wish; heard: Heard; ending: AbortController; leave: AbortController };

/** Holds every subscription of the sidecar; stores are those of the registry at the moment. */
export function createConfigurationSubscriptions(registry: Registry, log: Logger): ConfigurationSubscriptions {
  const stores = registry.of(configurationKind);
  const open = new Map<string, Open>();
  const storeOf = (name: string): Loaded<BoundConfigurationStore> => {
    const loaded = stores.get(name);
    if (loaded === undefined) throw configurationKind.absent(name, stores.size > 0, '');
    return loaded;
  };
  const end = (id: string): boolean => {
    const one = open.get(id);
    open.delete(id);
    one?.ending.abort();
    one?.leave.abort();
    return one !== undefined;
  };
  const reopen = async (id: string, one: Open): Promise<void> => {
    one.leave.abort();
    one.leave = new AbortController();
    try {
      await watch(storeOf(one.wish.storeName), one);
    } catch (thrown) {
      log.warn(`subscription ${id} to configuration store ${one.wish.storeName} ends: ${(thrown as Error).message}`);
      end(id);
    }
  };
  return {
    check: (storeName) => void storeOf(storeName),
    async open(wish, heard) {
      const loaded = storeOf(wish.storeName);
      const id = randomUUID();
      const one: Open = { wish, heard, ending: new AbortController(), leave: new AbortController() };
      open.set(id, one);
      try {
        await watch(loaded, one);
      } catch (thrown) {
        end(id);
        throw thrown;
      }
      return { id, ended: one.ending.signal };
    },
    end,
    async reopen(changed) {
      await Promise.all(
        [...open].filter(([, { wish }]) => changed.has(wish.storeName)).map(([id, one]) => reopen(id, one)),
      );
    },
    endAll() {
      for (const id of [...open.keys()]) end(id);
    },
  };
}

async function watch({ component, guard, observe }: Loaded<BoundConfigurationStore>, one: Open): Promise<void> {
  const { keys, metadata } = one.wish;
  const { signal } = one.leave;
  const began = performance.now();
  // The signal of an attempt ends with it: the subscription lives on under its own.
  const subscribe = () => component.store.subscribe({ keys, metadata }, one.heard, signal);
  try {
    await (guard ? guard(subscribe, signal) : subscribe());
    observe?.('subscribe', true, performance.now() - began);
  } catch (cause) {
    observe?.('subscribe', false, performance.now() - began);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw fault(
      'configuration-subscribe',
      `failed to subscribe [${keys.join(' ')}] from Configuration store ${component.name}: ${why}`,
      { cause },
    );
  }
}
