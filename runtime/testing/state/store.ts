import { component } from '#components/state/in-memory.ts';
import type { StateStore } from '#contracts/state.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { stateKind } from '../../blocks/state/kind.ts';
import { createRegistry, type Guard } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';

export type StoreSetting = {
  store?: StateStore;
  metadata?: Record<string, string>;
  secretNames?: Record<string, string>;
  guard?: Guard;
};

/** A chain whose app `shop` has one state store, `orders`, in memory unless another is given. */
export async function withStore({ store, metadata = {}, secretNames = {}, guard }: StoreSetting = {}) {
  const context = { name: 'orders', log: silentLogger, signal: new AbortController().signal, env: {} };
  const object = store ?? ((await component.open({}, context)) as StateStore);
  const registry = createRegistry();
  registry.add({
    name: 'orders',
    type: 'state.in-memory',
    version: 'v1',
    kind: stateKind,
    component: stateKind.bind(object, {
      appId: 'shop',
      namespace: 'default',
      name: 'orders',
      metadata,
      secretNames,
      namespaced: false,
    }),
    guard,
    observe: undefined,
    close: async () => {},
  });
  return { object, registry, stages: [componentStage(registry, 'shop')] };
}
