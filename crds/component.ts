import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind } from './kind.ts';
import { envelope, statusWith } from './metav1.ts';
import { auth, nameValues, scopes } from './name-value.ts';

const status = statusWith({
  loaded: z.string().optional().describe('Sidecars that loaded it, of those that should: `2/3`.'),
  failures: z
    .array(
      z.object({
        pod: z.string().describe('Pod whose sidecar failed.'),
        message: z.string().describe('Its last error.'),
        time: z.string().describe('When it happened.').meta({ format: 'date-time' }),
      }),
    )
    .optional()
    .describe('Last error of each sidecar that could not load it.'),
});

const schema = z.object({
  ...envelope,
  spec: z
    .object({
      type: z.string().describe('What it is, such as `state.redis`; letter case does not matter.'),
      version: z.string().default('').describe('Version of the type; empty, `v0` and `v1` are the same.'),
      ignoreErrors: z
        .boolean()
        .default(false)
        .describe('Whether the sidecar runs on when the component cannot be opened.')
        .meta({ optionalInCluster: true }),
      initTimeout: z.string().optional().describe('How long opening may take, such as `20s`; 5 s where left out.'),
      metadata: nameValues.describe('Settings; which ones there are depends on the type.'),
    })
    .describe('The component and its settings.'),
  auth,
  scopes,
  status,
});

export type Component = z.output<typeof schema>;

const example = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
spec:
  type: state.redis
  version: v1
  initTimeout: 20s
  metadata:
    - name: redisHost
      value: redis:6379
    - name: redisPassword
      secretKeyRef:
        name: redis
        key: password
    - name: redisDB
      value: 0
auth:
  secretStore: kubernetes
scopes:
  - shop
`;

/** A building block's implementation with its settings. */
export const component = defineKind({
  kind: 'Component',
  plural: 'components',
  singular: 'component',
  summary: 'A state store, broker, binding or other building block, with the settings a sidecar opens it with.',
  version: 'v1alpha1',
  schema,
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'What it is.' },
    conditionColumn('Accepted', 'Whether its settings fit its type.'),
    { name: 'Loaded', type: 'string', jsonPath: '.status.loaded', description: 'Sidecars that loaded it.' },
    age,
    problem,
  ],
  example,
});
