import type { StateOperation } from '#contracts/state.ts';
import type { StateItem } from '#proto/dapr/proto/common/v1/common_pb.js';
import type { Context } from '../operation.ts';
import type { BoundStore } from './kind.ts';

/** A transaction on its way into a store with an outbox. */
export type OutboxTransaction = {
  operations: readonly StateOperation[];
  /** What the caller sent for each operation. */
  items: readonly Pick<StateItem, 'key' | 'value' | 'metadata'>[];
  call: Pick<Context, 'headers' | 'signal' | 'trace' | 'jsonValues'>;
};

/** Publishes the changes of state stores whose Components ask for it, each if and only if its transaction happens. */
export type Outbox = {
  /** The operations to run in place of those given. Rejects with `pubsub-outbox` when the broker does not take them. */
  announce(bound: BoundStore, transaction: OutboxTransaction): Promise<readonly StateOperation[]>;
};
