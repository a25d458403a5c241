import type { ConfigurationItems } from '#contracts/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { noContent, queryMetadata, type RestRequest } from '../rest.ts';
import { itemMessages, itemsJson } from './items.ts';
import { configurationKind } from './kind.ts';

/** Reads configuration items: those of the keys given, or all. */
export const getConfiguration = defineOperation({
  method: Dapr.method.getConfiguration,
  alsoAs: [Dapr.method.getConfigurationAlpha1],
  api: 'configuration.v1',
  component: { kind: configurationKind, name: (request) => request.storeName, action: 'get' },
  http: {
    method: 'GET',
    path: ['/v1.0/configuration/{storeName}', '/v1.0-alpha1/configuration/{storeName}'],
    toRequest: configurationRequest,
    toReply: ({ items = {} }) =>
      Object.keys(items).length === 0
        ? noContent
        : { status: 200, body: JSON.stringify(itemsJson(items as ConfigurationItems)) },
  },
  async handle({ keys, metadata }, { component: { name, store }, signal }) {
    try {
      return { items: itemMessages(await store.get({ keys, metadata }, signal)) };
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw fault('configuration-get', `failed to get [${keys.join(' ')}] from Configuration store ${name}: ${why}`, {
        cause: thrown,
      });
    }
  },
});

/** A request for items as routes have it: `?key=a&key=b&metadata.x=y`. */
export function configurationRequest(http: RestRequest<'storeName'>) {
  return { storeName: http.params.storeName, keys: http.query.getAll('key'), metadata: queryMetadata(http) };
}
