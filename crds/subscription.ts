import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind, group, type PrinterColumn } from './kind.ts';
import { envelope, status } from './metav1.ts';
import { scopes } from './name-value.ts';
import { convertSubscription } from './subscription-conversion.ts';

const common = {
  pubsubname: z.string().default('').describe('The pub/sub component.'),
  topic: z.string().default('').describe('Topic to subscribe to.'),
  metadata: z.record(z.string(), z.string()).optional().describe('Settings of this subscription, by the component.'),
  deadLetterTopic: z.string().optional().describe('Topic for messages that cannot be delivered.'),
  bulkSubscribe: z
    .object({
      enabled: z.boolean().default(false).describe('Whether messages are delivered in batches.'),
      maxMessagesCount: z.int32().optional().describe('Most messages in a batch; 100 where left out.'),
      maxAwaitDurationMs: z.int32().optional().describe('Longest wait for a full batch; 1000 where left out.'),
    })
    .optional()
    .describe('Delivery in batches.'),
};

const schemaV1 = z.object({
  ...envelope,
  spec: z.object({ ...common, route: z.string().default('').describe('Path of the app that gets the messages.') }),
  scopes,
  status,
});

const schemaV2 = z.object({
  ...envelope,
  spec: z
    .object({
      ...common,
      routes: z
        .object({
          rules: z
            .array(
              z.object({
                match: z.string().default('').describe('CEL expression over `event`; empty matches all.'),
                path: z.string().default('').describe('Path of the app for messages that match.'),
              }),
            )
            .optional()
            .describe('Tried in order; the first that matches wins.'),
          default: z
            .string()
            .optional()
            .describe('Path for messages that match no rule; they are dropped without one.'),
        })
        .prefault({})
        .describe('Where in the app messages go.'),
    })
    .prefault({})
    .describe('What is subscribed to, and where messages go.'),
  scopes,
  status,
});

export type Subscription = z.output<typeof schemaV2>;

const columns: readonly PrinterColumn[] = [
  { name: 'Pubsub', type: 'string', jsonPath: '.spec.pubsubname', description: 'The pub/sub component.' },
  { name: 'Topic', type: 'string', jsonPath: '.spec.topic', description: 'The topic.' },
  conditionColumn('Accepted', 'Whether it makes sense.'),
  conditionColumn('Loaded', 'Whether its newest version is in use.'),
  age,
  problem,
];

const exampleV1 = `apiVersion: dapr.io/v1alpha1
kind: Subscription
metadata:
  name: orders-v1
spec:
  pubsubname: broker
  topic: orders
  route: /orders
scopes:
  - shop
`;

const example = `apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: orders
spec:
  pubsubname: broker
  topic: orders
  routes:
    rules:
      - match: event.type == "order.cancelled"
        path: /cancelled
    default: /orders
  deadLetterTopic: orders-failed
  bulkSubscribe:
    enabled: true
    maxMessagesCount: 50
scopes:
  - shop
`;

/** A topic delivered to an app. Reads manifests of both versions into the newer one. */
export const subscription = defineKind({
  kind: 'Subscription',
  plural: 'subscriptions',
  singular: 'subscription',
  summary: 'Delivers the messages of a topic to routes of an app.',
  version: 'v2alpha1',
  schema: schemaV2,
  columns,
  example,
  otherVersions: [{ name: 'v1alpha1', storage: false, schema: schemaV1, columns, example: exampleV1 }],
  prepare: (manifest) =>
    manifest['apiVersion'] === `${group}/v1alpha1` ? convertSubscription(manifest, 'v2alpha1') : manifest,
});
