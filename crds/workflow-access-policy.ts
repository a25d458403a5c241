import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind } from './kind.ts';
import { envelope, status } from './metav1.ts';
import { scopes } from './name-value.ts';

const operations = ['schedule', 'terminate', 'raise', 'pause', 'resume', 'purge', 'get', 'rerun'] as const;

const rule = z
  .object({
    callers: z
      .array(z.object({ appID: z.string().min(1).describe('App ID of the caller.') }))
      .min(1)
      .describe('Who is allowed.'),
    workflows: z
      .array(
        z.object({
          name: z.string().min(1).describe('Name of the workflow, or a glob.'),
          operations: z
            .array(z.enum(operations))
            .min(1)
            .describe('What may be done to it.')
            .meta({ 'x-kubernetes-list-type': 'set' }),
        }),
      )
      .optional()
      .describe('Workflows they may work on.'),
    activities: z
      .array(z.object({ name: z.string().min(1).describe('Name of the activity, or a glob.') }))
      .optional()
      .describe('Activities they may schedule.'),
  })
  .refine((given) => (given.workflows?.length ?? 0) + (given.activities?.length ?? 0) > 0, {
    message: 'at least one of workflows or activities must contain a rule',
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '(has(self.workflows) && self.workflows.size() > 0) || (has(self.activities) && self.activities.size() > 0)',
        message: 'at least one of workflows or activities must contain a rule',
      },
    ],
  });

const schema = z.object({
  ...envelope,
  spec: z
    .object({
      rules: z.array(rule).optional().describe('What is allowed; everything else is denied.'),
    })
    .prefault({})
    .describe('Who may do what to the workflows of the apps in scope.'),
  scopes,
  status,
});

export type WorkflowAccessPolicy = z.output<typeof schema>;

const example = `apiVersion: dapr.io/v1alpha1
kind: WorkflowAccessPolicy
metadata:
  name: orders
spec:
  rules:
    - callers:
        - appID: checkout
      workflows:
        - name: order-*
          operations: [schedule, get, raise]
      activities:
        - name: reserve
scopes:
  - orders
`;

/** Who may work on an app's workflows; any such policy makes the rest denied. */
export const workflowAccessPolicy = defineKind({
  kind: 'WorkflowAccessPolicy',
  plural: 'workflowaccesspolicies',
  singular: 'workflowaccesspolicy',
  summary: 'Says which apps may work on the workflows of another; with one in force, all others are denied.',
  version: 'v1alpha1',
  schema,
  columns: [conditionColumn('Accepted', 'Whether it makes sense.'), age, problem],
  example,
});
