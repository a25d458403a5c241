import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind } from './kind.ts';
import { envelope, status } from './metav1.ts';
import { anyValue, auth, nameValues, scopes, secretKeyRef } from './name-value.ts';

const pem = z.object({
  value: anyValue.describe('The PEM itself.').meta({ 'x-kubernetes-preserve-unknown-fields': true }),
  secretKeyRef: secretKeyRef.optional().describe('The secret that holds the PEM.'),
});

const schema = z.object({
  ...envelope,
  spec: z
    .object({
      baseUrl: z.string().describe('URL that paths are added to, such as `https://api.example.com`.'),
      headers: nameValues.describe('Headers of each request.').meta({ optionalInCluster: true }),
      clientTLS: z
        .object({
          rootCA: pem.optional().describe('Certificates to trust.'),
          certificate: pem.optional().describe('Our certificate.'),
          privateKey: pem.optional().describe('Its key.'),
          renegotiation: z
            .enum(['Never', 'OnceAsClient', 'FreelyAsClient'])
            .optional()
            .describe('Whether the server may negotiate anew; accepted for compatibility.')
            .meta({ clusterDefault: 'Never' }),
        })
        .optional()
        .describe('TLS towards the endpoint.'),
    })
    .describe('Where it is and how it is called.'),
  auth,
  scopes,
  status,
});

export type HTTPEndpoint = z.output<typeof schema>;

const example = `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata:
  name: payments
spec:
  baseUrl: https://payments.example.com
  headers:
    - name: Authorization
      secretKeyRef:
        name: payments
        key: token
  clientTLS:
    rootCA:
      secretKeyRef:
        name: payments
        key: ca.crt
auth:
  secretStore: kubernetes
scopes:
  - shop
`;

/** A service outside the mesh that apps call by name. */
export const httpEndpoint = defineKind({
  kind: 'HTTPEndpoint',
  plural: 'httpendpoints',
  singular: 'httpendpoint',
  summary: 'An HTTP service outside the mesh that apps call by its name.',
  version: 'v1alpha1',
  schema,
  columns: [
    { name: 'URL', type: 'string', jsonPath: '.spec.baseUrl', description: 'Where it is.' },
    conditionColumn('Accepted', 'Whether it makes sense.'),
    conditionColumn('Loaded', 'Whether its newest version is in use.'),
    age,
    problem,
  ],
  example,
});
