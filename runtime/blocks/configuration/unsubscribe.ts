import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import type { ConfigurationSubscriptions } from './subscriptions.ts';

/** Ends a subscription by its id. An unknown id is no error of the RPC: the answer says so. */
export const unsubscribeConfiguration = (subscriptions: ConfigurationSubscriptions) =>
  defineOperation({
    method: Dapr.method.unsubscribeConfiguration,
    alsoAs: [Dapr.method.unsubscribeConfigurationAlpha1],
    api: 'configuration.v1',
    http: {
      method: 'GET',
      path: [
        '/v1.0/configuration/{storeName}/{id}/unsubscribe',
        '/v1.0-alpha1/configuration/{storeName}/{id}/unsubscribe',
      ],
      toRequest({ params }) {
        subscriptions.check(params.storeName);
        return { ...params };
      },
      toReply: ({ ok, message }) =>
        ok ? { status: 200, body: '{"ok":true}' } : { status: 500, body: JSON.stringify({ message }) },
    },
    async handle({ id }) {
      if (subscriptions.end(id)) return { ok: true };
      return {
        ok: false,
        message: `failed to unsubscribe to configuration request ${id}: subscription does not exist`,
      };
    },
  });
