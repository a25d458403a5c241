import type { Logger } from '#kit/log/logger.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { invokeBinding } from './bindings/invoke.ts';
import { getConfiguration } from './configuration/get.ts';
import { subscribeConfiguration } from './configuration/subscribe.ts';
import type { ConfigurationSubscriptions } from './configuration/subscriptions.ts';
import { unsubscribeConfiguration } from './configuration/unsubscribe.ts';
import { converseAlpha1 } from './conversation/converse-alpha1.ts';
import { converseAlpha2 } from './conversation/converse-alpha2.ts';
import { decryptData } from './crypto/decrypt.ts';
import { encryptData } from './crypto/encrypt.ts';
import type { FindVault } from './crypto/kind.ts';
import { subtleOperations } from './crypto/subtle.ts';
import { type Ending, shutdown } from './lifecycle/shutdown.ts';
import { tryLock } from './lock/try-lock.ts';
import { unlock } from './lock/unlock.ts';
import type { ExtendedMetadata } from './metadata/extended.ts';
import type { MetadataPart } from './metadata/facts.ts';
import { getMetadata } from './metadata/get.ts';
import { setMetadata } from './metadata/set.ts';
import type { Operation } from './operation.ts';
import { publishEvent } from './pubsub/publish.ts';
import { publishEvents } from './pubsub/publish-bulk.ts';
import type { Publisher } from './pubsub/publisher.ts';
import { type StreamSubscriber, subscribeTopicEvents } from './pubsub/subscribe.ts';
import type { SecretAccess } from './secrets/access.ts';
import { getSecret } from './secrets/get.ts';
import { getBulkSecret } from './secrets/get-bulk.ts';
import { deleteState } from './state/delete.ts';
import { deleteBulkState } from './state/delete-bulk.ts';
import { getState } from './state/get.ts';
import { getBulkState } from './state/get-bulk.ts';
import type { Outbox } from './state/outbox.ts';
import { queryState } from './state/query.ts';
import { saveState } from './state/save.ts';
import { executeStateTransaction } from './state/transact.ts';

/** What operations need besides the component they act on. */
export type Services = {
  metadata: readonly MetadataPart[];
  extended: ExtendedMetadata;
  secretAccess: SecretAccess;
  appId: string;
  publisher: Publisher;
  streams: StreamSubscriber;
  outbox: Outbox;
  configurationSubscriptions: ConfigurationSubscriptions;
  findVault: FindVault;
  tracing: Tracing;
  ending: Ending;
  log: Logger;
};

/** Every operation of the API. A new one is a file of its own and a line here. */
export function operations(services: Services): readonly Operation[] {
  return [
    getState,
    getBulkState,
    saveState,
    deleteState,
    deleteBulkState,
    executeStateTransaction(services.outbox),
    queryState,

    getSecret(services.secretAccess),
    getBulkSecret(services.secretAccess),

    publishEvent(services.publisher),
    publishEvents(services.publisher, services.appId),
    subscribeTopicEvents(services.streams),

    invokeBinding(services.tracing),

    getConfiguration,
    subscribeConfiguration(services.configurationSubscriptions),
    unsubscribeConfiguration(services.configurationSubscriptions),

    converseAlpha1,
    converseAlpha2,

    tryLock,
    unlock,

    encryptData(services.findVault),
    decryptData(services.findVault),
    ...subtleOperations,

    getMetadata(services.metadata, services.extended),
    setMetadata(services.extended),
    shutdown(services.ending, services.log),
  ];
}
