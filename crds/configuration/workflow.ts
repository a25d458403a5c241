import { z } from 'zod';

const limits = z.array(
  z.object({
    name: z.string().optional().describe('Name of the workflow or activity.'),
    maxConcurrent: z.int32().optional().describe('How many may run at once.'),
  }),
);

/** `spec.workflow`. */
export const workflow = z.object({
  maxConcurrentWorkflowInvocations: z
    .int32()
    .optional()
    .describe('Workflows one sidecar runs at once; no bound where left out.'),
  maxConcurrentActivityInvocations: z
    .int32()
    .optional()
    .describe('Activities one sidecar runs at once; no bound where left out.'),
  globalMaxConcurrentWorkflowInvocations: z.int32().optional().describe('Workflows all replicas run at once.'),
  globalMaxConcurrentActivityInvocations: z.int32().optional().describe('Activities all replicas run at once.'),
  workflowConcurrencyLimits: limits.optional().describe('Bounds by workflow, over all replicas.'),
  activityConcurrencyLimits: limits.optional().describe('Bounds by activity, over all replicas.'),
  stateRetentionPolicy: z
    .object({
      anyTerminal: z.string().optional().describe('For every workflow that has ended.'),
      completed: z.string().optional().describe('For those that completed.'),
      failed: z.string().optional().describe('For those that failed.'),
      terminated: z.string().optional().describe('For those that were terminated.'),
    })
    .optional()
    .describe('How long the state of ended workflows is kept, such as `168h`; for ever where left out.'),
});
