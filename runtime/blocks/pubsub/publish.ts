import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { headerOf, queryMetadata } from '../rest.ts';
import { publishFailed } from './faults.ts';
import { pubsubKind } from './kind.ts';
import type { Publisher } from './publisher.ts';

/** Publishes one event. */
export const publishEvent = (publisher: Publisher) =>
  defineOperation({
    method: Dapr.method.publishEvent,
    api: 'publish.v1',
    component: { kind: pubsubKind, name: (request) => request.pubsubName, action: 'publish', guardsItself: true },
    http: {
      method: ['POST', 'PUT'],
      path: '/v1.0/publish/{pubsubName}/{topic*}',
      toRequest: (http) => ({
        pubsubName: http.params.pubsubName,
        topic: http.params.topic,
        data: http.body,
        dataContentType: headerOf(http, 'content-type') ?? '',
        metadata: queryMetadata(http),
      }),
      tooLarge: (why, { params }) => publishFailed(params.pubsubName, params.topic, why),
    },
    async handle({ topic, data, dataContentType: contentType, metadata }, context) {
      await publisher.publish(context.component, topic, { data, contentType, metadata }, context);
      return {};
    },
  });
