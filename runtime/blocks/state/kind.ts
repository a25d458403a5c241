import { type StateStore, stateFeatures } from '#contracts/state.ts';
import { defineKind } from '../kind.ts';
import { keyPrefix } from './key-prefix.ts';
import { type OutboxSettings, outboxSettings } from './outbox-settings.ts';
import { storeAbsent } from './state-faults.ts';
import { type ValueCipher, valueCipher } from './value-cipher.ts';

/** A state store in use. */
export type BoundStore = {
  readonly name: string;
  readonly store: StateStore;
  /** What stands before each key in the store, `||` included; empty for none. */
  readonly prefix: string;
  /** Encrypts values; undefined where the Component has no key for it. */
  readonly cipher: ValueCipher | undefined;
  /** Where its changes are published; undefined where they are not. */
  readonly outbox: OutboxSettings | undefined;
};

/** The order in which Dapr's own stores name what they can do. */
const order = [
  'ETAG',
  'TRANSACTIONAL',
  'QUERY_API',
  'TTL',
  'PARTITION_KEY',
  'DELETE_WITH_PREFIX',
  'KEYS_LIKE',
  'ACTOR',
];

/** State stores. */
export const stateKind = defineKind<StateStore, BoundStore>({
  category: 'state',
  metric: 'state',
  policy: 'Statestore',
  bind: (store, context) => ({
    name: context.name,
    store,
    prefix: keyPrefix(context),
    cipher: valueCipher(context),
    outbox: outboxSettings(context.metadata),
  }),
  capabilities({ store }) {
    const features: string[] = stateFeatures(store);
    if (store.transact && features.includes('ETAG')) features.push('ACTOR');
    return features.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  },
  absent: storeAbsent,
});
