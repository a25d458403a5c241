import { z } from 'zod';

/** The part of Kubernetes' ObjectMeta that we read. Empty texts stand for what a file leaves out, as in Dapr. */
const objectMeta = z.object({
  name: z.string().default(''),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export type ObjectMeta = z.output<typeof objectMeta>;

/** What every manifest begins with. */
export const envelope = {
  apiVersion: z.string().default(''),
  kind: z.string().default(''),
  metadata: objectMeta.prefault({}),
};

/** Kubernetes' standard condition. */
const condition = z.object({
  type: z.string().describe('What the condition is about, such as `Accepted`.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.number().int().optional().describe('Generation of the object it was found for.'),
  lastTransitionTime: z.string().describe('When its status last changed.').meta({ format: 'date-time' }),
  reason: z.string().describe('One word for programs.'),
  message: z.string().describe('A sentence for people: what is wrong, where, and what to do.'),
});

export type Condition = z.output<typeof condition>;

/** `status.conditions`, merged by type on the server. */
const conditions = z
  .array(condition)
  .optional()
  .describe('What our control plane found out about this object.')
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });

/** The status of a kind that tells more than all others. */
export const statusWith = <S extends z.ZodRawShape>(more: S) =>
  z
    .object({
      observedGeneration: z.number().int().optional().describe('Generation that the status speaks of.'),
      conditions,
      ...more,
    })
    .optional()
    .describe('Written by the control plane.');

/** The status that every kind has. */
export const status = statusWith({});
