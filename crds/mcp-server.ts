import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind } from './kind.ts';
import { envelope, status } from './metav1.ts';
import { nameValue, scopes, secretKeyRef } from './name-value.ts';

const authentication = z.object({
  secretStore: z.string().optional().describe('Secret store for headers; `kubernetes` where left out.'),
  oauth2: z
    .object({
      issuer: z.string().min(1).describe('Token endpoint.'),
      audience: z.string().optional().describe('Audience to ask for.'),
      scopes: z.array(z.string()).optional().describe('Scopes to ask for.'),
      clientID: z.string().optional().describe('Client ID.'),
      secretKeyRef: secretKeyRef.optional().describe('The secret that holds the client secret.'),
    })
    .optional()
    .describe('OAuth2 client credentials.'),
  spiffe: z
    .object({
      jwt: z
        .object({
          header: z.string().min(1).describe('Header that carries the token.'),
          headerValuePrefix: z.string().optional().describe('Text before the token, such as `Bearer `.'),
          audience: z.string().min(1).describe('Audience of the token.'),
        })
        .optional()
        .describe('A JWT signed by sentry.'),
    })
    .optional()
    .describe("The sidecar's own identity."),
});

const overHttp = z.object({
  url: z.string().min(1).describe('URL of the server.'),
  protocolVersion: z
    .string()
    .optional()
    .describe('MCP version to insist on, such as `2025-06-18`; negotiated where left out.'),
  timeout: z.string().optional().describe('How long a call may take, such as `30s`.'),
  headers: z.array(nameValue).optional().describe('Headers of each request.'),
  auth: authentication.optional().describe('How we prove who we are.'),
});

const workflow = z
  .object({
    workflowName: z.string().min(1).describe('Workflow to run.'),
    appID: z.string().optional().describe('App that hosts it; the own one where left out.'),
  })
  .describe('The workflow that is the hook.');

const hook = z.object({ workflow });
const mutatingHook = z.object({
  workflow,
  mutate: z.boolean().optional().describe("Whether the hook's output replaces what it was given."),
});

const schema = z.object({
  ...envelope,
  spec: z
    .object({
      catalog: z
        .object({
          displayName: z.string().optional().describe('Name for people.'),
          description: z.string().optional().describe('What it offers.'),
          owner: z
            .object({
              team: z.string().optional().describe('Team.'),
              contact: z.string().optional().describe('How to reach it.'),
            })
            .optional()
            .describe('Who looks after it.'),
          tags: z.array(z.string()).optional().describe('Tags.'),
          links: z.record(z.string(), z.string()).optional().describe('URLs by name.'),
        })
        .optional()
        .describe('Information for people; has no effect.'),
      endpoint: z
        .object({
          streamableHTTP: overHttp.optional().describe('Over streamable HTTP.'),
          sse: overHttp.optional().describe('Over the older HTTP with server-sent events.'),
          stdio: z
            .object({
              command: z.string().min(1).describe('Program to run.'),
              args: z.array(z.string()).optional().describe('Its arguments.'),
              env: z.array(nameValue).optional().describe('Its environment.'),
            })
            .optional()
            .describe('Over the standard streams of a child process; not in Kubernetes.'),
        })
        .describe('How the server is reached: exactly one of the ways.')
        .meta({
          'x-kubernetes-validations': [
            {
              rule: '[has(self.streamableHTTP), has(self.sse), has(self.stdio)].filter(x, x).size() == 1',
              message: 'exactly one of streamableHTTP, sse, or stdio must be set',
            },
          ],
        })
        .refine((endpoint) => [endpoint.streamableHTTP, endpoint.sse, endpoint.stdio].filter(Boolean).length === 1, {
          message: 'exactly one of streamableHTTP, sse, or stdio must be set',
        }),
      middleware: z
        .object({
          beforeCallTool: z
            .array(mutatingHook)
            .optional()
            .describe('Before a tool is called; an error stops the call.'),
          afterCallTool: z.array(mutatingHook).optional().describe('After a tool was called; an error fails the call.'),
          beforeListTools: z.array(hook).optional().describe('Before tools are listed; an error stops it.'),
          afterListTools: z.array(mutatingHook).optional().describe('After tools were listed; errors are only logged.'),
        })
        .optional()
        .describe('Workflows that run around calls.'),
      ignoreErrors: z.boolean().optional().describe('Whether the sidecar runs on when the server cannot be set up.'),
    })
    .describe('The server and what happens around its calls.'),
  scopes,
  status,
});

export type MCPServer = z.output<typeof schema>;

const example = `apiVersion: dapr.io/v1alpha1
kind: MCPServer
metadata:
  name: weather
spec:
  catalog:
    displayName: Weather
    owner:
      team: sky
  endpoint:
    streamableHTTP:
      url: https://weather.example.com/mcp
      timeout: 30s
      headers:
        - name: X-Api-Key
          secretKeyRef:
            name: weather
            key: apiKey
  middleware:
    beforeCallTool:
      - workflow:
          workflowName: check-arguments
        mutate: true
scopes:
  - assistant
`;

/** A server of the Model Context Protocol whose tools become workflows. */
export const mcpServer = defineKind({
  kind: 'MCPServer',
  plural: 'mcpservers',
  singular: 'mcpserver',
  summary: 'A server of the Model Context Protocol, whose tools are called as durable workflows.',
  version: 'v1alpha1',
  schema,
  columns: [conditionColumn('Accepted', 'Whether it makes sense.'), age, problem],
  example,
});
